"""One module for each format: `render_plan`, `render_audit` and, but for text, `render_error`.

A plan or an audit and its view come in; text, JSON, Markdown, HTML, annotations or metrics go out.
Warnings must never be folded away, and no text from files or shop may become markup or a command.
"""
