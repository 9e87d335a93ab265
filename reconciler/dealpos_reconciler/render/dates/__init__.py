"""Dated values for people and programs: coming changes, and the schedule as text, JSON, calendar.

In: steps and changes.
Out: sentences, documents and iCalendar text.
Never: a decision which step counts.
"""
