"""`CORSMiddleware`, under the name that users of FastAPI and Starlette import."""

from starlette.middleware.cors import CORSMiddleware

__all__ = ["CORSMiddleware"]
