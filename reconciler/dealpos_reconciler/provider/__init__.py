"""The coupon provider: answers DealPOS at the till, and counts each use of a coupon once.

In: the terms of a published release, and what the till asks or reports. Out: an answer, and rows in
a store of its own. Never: a request to DealPOS, a file of the catalogue.
"""
