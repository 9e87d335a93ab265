"""Layers: catalogue folders of which a later one overrides an earlier one, field by field.

In: `layers:` of the settings, and the objects of the files of each folder.
Out: one catalogue, whose objects know the place of every field. Never: a path out of the work tree.
"""
