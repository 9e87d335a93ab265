"""The prose linter: the words and the sentences of the docs and of every message.

In: Markdown pages and messages. Out: findings with file and line. It needs no network.
"""
