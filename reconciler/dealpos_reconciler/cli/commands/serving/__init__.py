"""Commands that show the shop to others: the server for the till, and the board.

In: options of the command line. Out: a server that runs, or the files of a page.
Never: a change of the shop.
"""
