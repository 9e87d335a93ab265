"""Commands about dated values.

In: options of the command line.
Out: the schedule on stdout.
Never: a request to the shop.
"""
