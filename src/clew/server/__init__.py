"""The server: one function per route over one store."""
