"""SQL: how values are stored, expressions over columns, and queries compiled once per shape."""
