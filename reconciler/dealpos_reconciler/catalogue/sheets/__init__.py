"""Spreadsheets on disk: CSV of any spreadsheet program, and workbooks of Excel.

In: bytes of a file. Out: a table of cells with their places, and bytes of an export.
Never: the meaning of a cell. No formula is calculated, and none is written.
"""
