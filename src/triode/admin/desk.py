"""One model's pages, compiled: what `ModelAdmin` says, checked against the model.

Made once, when the application starts. A name that does not exist is refused here, with the
class, the option, the names that come near, and the line.
"""
