"""One module per command: options come in, one workflow is called, its result is printed.

Imports of a command stand inside its function, so that `--help` and mistakes answer at once.
No module here talks to a shop or to a catalogue file itself.
"""
