"""A Django project that serves the rows as a JSON API."""
