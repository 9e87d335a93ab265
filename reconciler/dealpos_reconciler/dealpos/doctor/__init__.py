"""The doctor: a read-only check of a shop before its first plan.

In: a client, the kinds, and a budget of 20 requests. Out: evidence, and from it one result for each
check, with what to do. Never: a write, more requests than the budget, or a private value in a text.
"""
