"""Find a handler's arguments in a request: sources, signature, dependencies, the endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from triode.later import handing_on

if TYPE_CHECKING:
    from triode.binding.background import BackgroundTasks
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
    from triode.binding.specials import SecurityScopes
else:
    __getattr__ = handing_on(
        globals(),
        {
            "triode.binding.background": "BackgroundTasks",
            "triode.binding.description": "BodyPart Dependency Parameter",
            "triode.binding.endpoint": "Endpoint Run compile_endpoint",
            "triode.binding.markers": "Body Cookie Depends File Form Header Path Query Security",
            "triode.binding.results": "ResultOptions",
            "triode.binding.signature": "read_signature",
            "triode.binding.specials": "SecurityScopes",
        },
    )

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
