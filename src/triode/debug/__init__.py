"""What a developer is shown of an error: pages for a browser, text and JSON for a program.

Loaded when an error happens in an application with `debug`, and never otherwise. Whatever is
shown goes through one `Mask`, so a secret is hidden wherever it turns up.
"""

from triode.debug.answers import error_reply, missing_reply

__all__ = ["error_reply", "missing_reply"]
