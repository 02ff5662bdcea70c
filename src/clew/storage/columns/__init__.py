"""The column index: what searches ask about runs, as arrays in memory.

Disposable: SQL rows are the truth, and every answer is preceded by what changed since the last one.
"""
