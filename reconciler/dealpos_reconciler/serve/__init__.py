"""The HTTP side of `reconciler serve`: who may call, limits, health, metrics and log lines.

In: the routes of provider, hooks and board. Out: a server that starts, reloads and stops cleanly.
Never: a decision about a coupon or a hint.
"""
