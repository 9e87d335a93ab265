"""Desired and live state to a plan.

In: `Desired`, `Live` and the known rewrites.
Out: `Plan`, with a reason for all that is not planned. Never: a guess about unread objects.
"""
