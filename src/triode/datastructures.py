"""What requests hold, under the names that users of FastAPI and Starlette import."""

from starlette.datastructures import (
    URL,
    Address,
    FormData,
    Headers,
    MutableHeaders,
    QueryParams,
    Secret,
    State,
)

from triode.http.uploads import UploadFile

__all__ = [
    "URL",
    "Address",
    "FormData",
    "Headers",
    "MutableHeaders",
    "QueryParams",
    "Secret",
    "State",
    "UploadFile",
]
