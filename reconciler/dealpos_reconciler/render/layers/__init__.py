"""The layers of an object for people and programs.

In: the stack of an object.
Out: text, or a JSON document.
Never: a file that is opened.
"""
