"""Catalogue as code for DealPOS.

In: catalogue files in YAML, and a live shop. Out: a plan of the differences, and an apply that
makes the shop as declared. Never: a write that no plan has shown.

`docs/architecture.md` draws the flow through the packages and says where to find what.
"""

__version__ = "0.1.0"
