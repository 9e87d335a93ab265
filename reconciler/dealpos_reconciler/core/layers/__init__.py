"""Objects that several layers of files make together.

In: the values that each layer declares for one object, with their places.
Out: the merged value, and the place of each part of it. Never: a file that is opened.
"""
