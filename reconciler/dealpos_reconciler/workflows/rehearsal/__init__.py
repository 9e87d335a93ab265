"""Rehearse an apply: the exact steps, sent by the real code to a twin of the shop in memory.

In: a planned run with what was read of the shop, and what the tenant has shown.
Out: a `Rehearsal`: errors, requests, end state, stop points, undocumented behaviours, a trace.
Never: a request to the shop, a file, or a change of the plan.
"""
