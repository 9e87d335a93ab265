"""The fleet file: shops, waves and gate.

In: a path. Out: a `Fleet`, or every problem of the file with its line and column.
Never: a file of a shop other than its settings.
"""
