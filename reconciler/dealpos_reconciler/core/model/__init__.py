"""The vocabulary of the core.

In: annotations of kinds, values of files and shop.
Out: `Kind`, `Desired`, `Live` and their parts. Never: a decision about a change.
"""
