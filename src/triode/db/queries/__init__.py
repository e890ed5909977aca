"""Rows that are asked for: queries, selections, pages, searches, and changes by condition."""
