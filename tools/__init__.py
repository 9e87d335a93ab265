"""Tools of development: the documentation site and the prose linter. Not part of the package."""
