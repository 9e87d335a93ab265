"""Webhooks of a served shop: hints are queued, read again in time, judged by the audit, and told.

In: bodies of webhooks and the shop folder. Out: rows of known drift, lines of the log, metrics and
notifications. Never: a write to the shop, or more requests than the settings allow.
"""
