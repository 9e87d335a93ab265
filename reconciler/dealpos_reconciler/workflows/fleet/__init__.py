"""A fleet: one command over several shops, each in a process of its own.

In: a fleet file, and the part of it that was asked for. Out: a `FleetReport`.
Never: a request to a shop; those are sent by the processes of the shops.
"""
