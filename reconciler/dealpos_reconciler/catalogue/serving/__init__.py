"""The settings of a server that hears webhooks: `hooks:` and `notify:`.

In: mappings of reconciler.yaml. Out: settings, and problems at their lines. Never: a value of an
environment variable in a message.
"""
