"""The state of a rollout, kept so that any runner can continue it.

In: the folder of the fleet file. Out: the rollout as it is now, and changes that no other runner
overwrites.
Never: the ledger of a shop.
"""
