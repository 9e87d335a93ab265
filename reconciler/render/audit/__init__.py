"""Render an audit: each format has `render_audit(audit, view)` and, but for text, `render_error`.

An audit and an `AuditView` come in; text, JSON, Markdown, HTML, GitHub, JUnit or metrics go out.
The live value stands before the declared one; an object that was not read is never shown as absent.
"""
