"""The values of the board: remembered audits, coupons and their uses, past applies and requests.

In: an audit, the ledger, the provider's store and the files of `.reconciler/`.
Out: a `Board` for the page. Never: a request to the shop, or a write to ledger and provider.
"""
