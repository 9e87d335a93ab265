"""One plan, many readers: each module turns a Plan or a Report into one format."""
