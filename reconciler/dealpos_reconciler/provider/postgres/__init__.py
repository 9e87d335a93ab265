"""The store of the coupon provider in PostgreSQL.

In: holds, reports of sales, releases. Out: committed rows, and what was counted. Never: an
operation of more than one statement that changes a counter.
"""
