"""The generated pages of the documentation site.

In: the code and the schemas of the repository. Out: Markdown, at build time.
A fact that the code states is never written by hand here.
"""

from tools.site import commands, documents, environment, errors, exit_codes, guardrails, kinds

GENERATED = (commands, kinds, guardrails, environment, exit_codes, documents, errors)
"""The modules that each render one page of the reference."""
