# Policies on the plan of a pull request, for conftest or opa. The names are those of Terraform's JSON plan.
package main

import rego.v1

# The largest price increase that nobody has to explain, as a share of the old price.
limit := 0.2

deny contains message if {
	some change in input.resource_changes
	"delete" in change.change.actions
	not "create" in change.change.actions
	message := sprintf("%s is deleted: retire it instead", [change.address])
}

deny contains message if {
	some change in input.resource_changes
	change.type == "variant"
	before := change.change.before.unit_price
	after := change.change.after.unit_price
	after > before * (1 + limit)
	message := sprintf("%s rises from %v to %v", [change.address, before, after])
}

warn contains message if {
	some change in input.resource_changes
	change.change.actions == ["create"]
	object.get(change.change.after, "description", "") == ""
	message := sprintf("%s has no description", [change.address])
}
