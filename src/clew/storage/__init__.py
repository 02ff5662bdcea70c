"""The store: one SQL code path for SQLite and PostgreSQL, and the metric log."""
