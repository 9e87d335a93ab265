"""From live objects to catalogue files.

In: live objects, and the files of a shop with their comments and layout.
Out: new files, or edits that change the values asked for.
Never: a file that would not load as exactly the objects that were asked for.
"""
