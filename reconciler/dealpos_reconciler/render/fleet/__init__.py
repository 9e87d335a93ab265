"""The report of a fleet: by change first, then deviations, then shops.

In: a `FleetReport`. Out: text, a JSON document, or a Markdown comment.
Never: a file, a process or the terminal.
"""
