"""The edge to the shop: every request to DealPOS, and everything that knows its API.

In: a store with its credentials, and what to read, write or check. Out: `Live`, reports, findings,
or an `ApiError`. Never: a file of the catalogue, a decision about what should change.
"""
