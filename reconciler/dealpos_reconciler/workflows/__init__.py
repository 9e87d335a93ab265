"""One module per use of the tool: the calls of a run, in order.

In: a shop folder, the options of a command, and observers to report progress to.
Out: planned runs, reports, edited files, saved plans.
Never: a decision about a change, a request of its own, or output to the terminal.
"""
