"""Rows that are written: one, by key, and many at once; and what is said of a refused one."""
