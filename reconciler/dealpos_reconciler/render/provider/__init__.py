"""The coupon provider in words: a settlement, and the uses of coupons.

In: the results of the workflows. Out: text, documents, metrics. Never: a customer, a secret, or a
code of a batch.
"""
