"""A read-only check of a shop that nobody has seen: `ask` gathers evidence, `checks` judge it."""
