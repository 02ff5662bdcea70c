"""The filter language: text to tokens to a typed tree, and its evaluation in memory."""
