"""The coupon provider in plan and apply: read its release, compose the next one, publish it.

In: the settings, the declared coupons and a planned run. Out: live rows of coupons, a publication,
and its outcomes. Never: a request to DealPOS; nothing is imported for a shop without such coupons.
"""
