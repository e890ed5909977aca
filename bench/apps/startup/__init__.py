"""The smallest program of each framework, for its import time and its memory."""
