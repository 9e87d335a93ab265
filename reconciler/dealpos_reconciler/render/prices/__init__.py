"""Results of `prices import` and `prices export`, as text and as JSON.

In: edits of prices, edited files, rows. Out: lines for people, documents for programs.
Never: personal data or secret codes that stand beside a price in the same file.
"""
