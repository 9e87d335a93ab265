"""The third side of a plan.

In: `Plan`, and the `Ledger` of the last apply.
Out: origins and conflicts, and the next `Ledger`. Never: a private value in clear.
"""
