"""Something taken out of sale at the till: whether it comes back is for people to decide."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.guardrails.guardrail import Finding, Ground, Guardrail


@dataclass(frozen=True, slots=True)
class Rule(Guardrail):
    """Something discontinued in the shop that the files would put back on sale."""

    def check(self, ground: Ground) -> Iterator[Finding]:
        """One finding an object that was retired and would not be any more."""
        for change in ground.plan.changes:
            flag = ground.kinds[change.address.kind].retire
            for field in change.fields:
                if flag and field.path == (flag,) and field.before and not field.after:
                    yield Finding(
                        f"it was taken out of sale in the shop, and this puts it back; "
                        f"to leave it so, write `{flag}: true` or take the key out",
                        "1 restored",
                        "0 restored",
                        change.address,
                        (flag,),
                    )
