"""Rows that belong together: relations, links, and how they are loaded."""
