"""The functions that mark parameters, under the module that users of FastAPI import."""

from triode.binding import Body, Cookie, Depends, File, Form, Header, Path, Query, Security

__all__ = ["Body", "Cookie", "Depends", "File", "Form", "Header", "Path", "Query", "Security"]
