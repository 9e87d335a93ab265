"""A plan comes in; steps go out: requests in order, and their API usage.

Every choice of a request is made here, before the first one is sent. Nothing here may send a
request, or plan a change that the plan does not hold.
"""
