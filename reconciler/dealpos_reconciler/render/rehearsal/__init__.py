"""A rehearsal as lines for people, as a part of the plan's document, and as a trace.

In: a `Rehearsal`, the plan that was rehearsed, and the names of its objects.
Out: text, documents, JSON lines.
Never: a value of an object.
"""
