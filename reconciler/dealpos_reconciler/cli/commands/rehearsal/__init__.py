"""The command that rehearses a saved plan.

In: a saved plan, and the shop folder that it was made from.
Out: the plan as it is now, with the result of its rehearsal.
Never: a write to a shop.
"""

from dealpos_reconciler.cli.commands.rehearsal.rehearse import rehearse

__all__ = ["rehearse"]
