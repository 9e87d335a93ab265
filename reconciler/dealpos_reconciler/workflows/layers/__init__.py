"""Layers for people: the stack of one object, and the merged catalogue as one file.

In: a shop folder. Out: values with their places, or the text of a file.
Never: a request to the shop.
"""
