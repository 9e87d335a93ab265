"""From the text of a file to plain values that know their place.

In: the text of one file.
Out: mappings, lists and texts; the events of libyaml for the parser.
Never: kinds of objects and their rules, which the loader knows.
"""
