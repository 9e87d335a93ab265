"""The till's side of the coupon provider: what DealPOS asks and reports, and what it is answered.

In: the bytes of a body. Out: an answer, after the store has counted. Never: an error because of a
body, a request to DealPOS, the text of a customer in what is kept.
"""
