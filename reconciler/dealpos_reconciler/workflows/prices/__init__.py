"""Prices by way of a spreadsheet: export them, and write what came back to the catalogue files.

In: a shop folder, a sheet. Out: a sheet, or edited files with their differences.
Never: a write to the shop, a sheet that is taken in part, or a file changed beside its prices.
"""
