"""Commands that show what the layers of a shop make together.

In: a shop folder. Out: the merged catalogue, or the stack of one object.
Never: a request to the shop.
"""
