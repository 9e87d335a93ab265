"""Pricebooks and promotion events: prices that the back office of a shop makes.

In: rows of a seed document, and reads.
Out: the rows as reads print them.
Never: a write, for which no operation is documented.
"""
