"""Find a handler's arguments in a request: sources, signature, dependencies, the endpoint."""

from triode.binding.description import BodyPart, Dependency, Parameter
from triode.binding.endpoint import Endpoint, Run, compile_endpoint
from triode.binding.markers import (
    Body,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    Path,
    Query,
    Security,
)
from triode.binding.results import ResultOptions
from triode.binding.signature import read_signature
from triode.binding.specials import BackgroundTasks, SecurityScopes

__all__ = [
    "BackgroundTasks",
    "Body",
    "BodyPart",
    "Cookie",
    "Dependency",
    "Depends",
    "Endpoint",
    "File",
    "Form",
    "Header",
    "Parameter",
    "Path",
    "Query",
    "ResultOptions",
    "Run",
    "Security",
    "SecurityScopes",
    "compile_endpoint",
    "read_signature",
]
