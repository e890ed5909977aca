"""Measures Triode against its peers: same work, checked, one core each. See `bench/README.md`."""
