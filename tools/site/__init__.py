"""The generated pages of the documentation site.

In: the code and the schemas of the repository. Out: Markdown, at build time.
A fact that the code states is never written by hand here.
"""
