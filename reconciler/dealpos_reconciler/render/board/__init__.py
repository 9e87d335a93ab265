"""The board: one page with the state of a shop.

In: the values of a `Board`, in words where they hold names of the shop.
Out: one HTML page. Never: a read of a file, a store or the shop, or a clock.
"""
