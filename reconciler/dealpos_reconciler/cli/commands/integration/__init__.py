"""Commands for other programs: the schemas for editors, and the completion of shells.

In: words of the command line. Out: schemas as files, a script on stdout.
Never: a request to the shop.
"""
