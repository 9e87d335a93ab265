"""The rules of provider coupons: what is offered at the till, and what a release says.

In: terms, a question of the till, the moment and the uses as values. Out: an offer or a refusal,
the codes of a batch, the document of a release. Never: a clock, a store or a request.
"""
