"""Measures what an ORM costs, without HTTP: same rows, same work. See `bench/README.md`."""
