"""Models that answer: over HTTP, and over files of any length."""
