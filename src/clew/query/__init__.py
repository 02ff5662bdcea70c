"""The filter language: text to tokens, to a syntax tree, to a checked tree; no SQL, no I/O."""
