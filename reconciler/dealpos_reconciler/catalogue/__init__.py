"""The edge to the files: settings and catalogue files of one shop folder.

In: a shop folder and the environment.
Out: `Settings` and `Desired`, or every problem of the files at once; edited files.
Never: a request to the shop, or an import of `dealpos` or `ledger`.
"""
