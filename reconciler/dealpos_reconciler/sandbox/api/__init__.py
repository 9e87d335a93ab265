"""Requests and rows come in; checked fields, pages and JSON responses go out.

One module per part of HTTP and JSON that all resources share.
Nothing here may know a resource, and nothing here may write to the store.
"""
