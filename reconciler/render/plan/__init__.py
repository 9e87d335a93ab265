"""Render a plan: each format has `render_plan(plan, view)` and, but for text, `render_error`.

A plan and a `PlanView` come in; text, JSON, Markdown, HTML or GitHub annotations go out.
Warnings must never be folded away, and no text from files or shop may become markup or a command.
"""
