"""Differences between two values of one kind.

In: a declared and a live object.
Out: `Change` and its fields. Never: a request, or a text about a flag.
"""
