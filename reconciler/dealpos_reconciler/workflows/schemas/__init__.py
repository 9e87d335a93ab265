"""JSON Schemas of the files, for an editor, and of the documents that programs read.

In: the types of files and documents, and the texts below their attributes. Out: schemas as text.
Never: a key without its description.
"""
