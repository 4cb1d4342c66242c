"""The parsers that are compared: each module's `cases()` maps titles of cases to calls."""
