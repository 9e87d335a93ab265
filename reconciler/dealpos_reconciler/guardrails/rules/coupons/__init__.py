"""Guardrails on coupons: a coupon and the baskets that it can be used on.

In: a `PlanContext`.
Out: findings. Never: an import of another rule.
"""
