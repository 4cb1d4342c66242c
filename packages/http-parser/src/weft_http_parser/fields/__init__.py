"""Text grammars of fields: pure functions from text to values and back."""
