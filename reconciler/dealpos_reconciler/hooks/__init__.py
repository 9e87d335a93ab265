"""Webhooks of DealPOS, taken as hints: which objects to read again soon.

In: the natural key in a webhook's body. Out: keys that are due to be read, within a budget of
requests. Never: a value of the body taken for the truth.
"""
