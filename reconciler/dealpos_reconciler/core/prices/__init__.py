"""Prices in a spreadsheet: what its cells say of the declared variants, and the rows of an export.

In: a table of cells, and the desired state. Out: edits of prices, problems at their cells, rows.
Never: a file, a network, a clock, or a cell that is guessed.
"""
