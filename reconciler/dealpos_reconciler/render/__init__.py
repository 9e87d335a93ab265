"""Render results: a plan, audit, report, import or examination and a view come in, a text goes out.

Nothing here reads a file, the clock or the environment: the view holds what the caller has read.
Private values must never leave this package except as fingerprints.
"""
