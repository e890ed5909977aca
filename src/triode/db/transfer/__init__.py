"""Rows and files that leave a database and come back."""
