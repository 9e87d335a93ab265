"""Steps come in; requests go to the shop; a report of what happened goes out.

This is the only package that writes to a shop. No step may be skipped in silence, nothing may be
sent that no step holds, and nothing may be called verified that no read has shown.
"""
