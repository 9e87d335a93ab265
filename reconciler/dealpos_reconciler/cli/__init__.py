"""The command line: words of a user come in, text and an exit code go out.

A command parses its options, calls one workflow, prints the result and exits.
Nothing here decides about a shop, and nothing else in the package imports click.
"""
