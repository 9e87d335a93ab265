"""The fields of a request come in; changed rows and the answer to print go out.

One module per resource of the API, and one for its reads where it has many.
No handler may answer a request that the documentation does not print, or open a transaction.
"""
