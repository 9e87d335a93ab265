"""Dated values in the uses of the tool: plan as of a day, coming steps, the schedule.

In: an open shop and its files.
Out: instants and coming steps.
Never: a request of its own.
"""
