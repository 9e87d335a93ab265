# Fails if a plan deletes an object for good: jq --exit-status -f deleted.jq document.json
[.resource_changes[] | select(.change.actions == ["delete"]) | .address]
| if length == 0 then true else error("deleted: " + join(", ")) end
