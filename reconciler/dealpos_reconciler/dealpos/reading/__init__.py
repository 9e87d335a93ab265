"""Reads: which requests answer what a plan needs, and what their responses prove.

In: a client, the kinds, and what the files declare. Out: `Live`, in which each object is observed,
absent on proof, or unknown with a reason. Never: a write, or an absence concluded from an error.
"""
