"""The store of the coupon provider in an SQLite file.

In: holds, reports of sales, releases. Out: committed rows, and what was counted. Never: a write
outside of the one thread that writes, or an answer before its commit.
"""
