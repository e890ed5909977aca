"""What the admin needs to know of a model: fields, relations, the key, how a row is called.

This is the only place that reads the model's description; everything else of the admin is built
from what is found here.
"""
