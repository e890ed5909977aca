"""Triode: one Python web framework, from one file to the full-stack application.

`import triode` loads nothing but this file. A public name is imported from its room when it is
first used, so a program pays only for what it names.
"""

# PERF: said here and not imported, because `typing` alone costs more than this whole file.
TYPE_CHECKING = False

# The one list of public names. Type checkers read it as imports; `__getattr__` below reads the
# same lines from this file's source, so each is written `from triode.room import Name as Name`.
if TYPE_CHECKING:
    from starlette import status as status
    from starlette.requests import Request as Request
    from starlette.responses import Response as Response
    from starlette.websockets import WebSocketDisconnect as WebSocketDisconnect

    from triode.admin import Admin as Admin
    from triode.admin import Inline as Inline
    from triode.admin import ModelAdmin as ModelAdmin
    from triode.admin import action as action
    from triode.admin import display as display
    from triode.auth import Auth as Auth
    from triode.auth import CurrentUser as CurrentUser
    from triode.auth import OptionalUser as OptionalUser
    from triode.auth import login_required as login_required
    from triode.auth import permission_required as permission_required
    from triode.binding import BackgroundTasks as BackgroundTasks
    from triode.binding import Body as Body
    from triode.binding import Cookie as Cookie
    from triode.binding import Depends as Depends
    from triode.binding import File as File
    from triode.binding import Form as Form
    from triode.binding import Header as Header
    from triode.binding import Path as Path
    from triode.binding import Query as Query
    from triode.binding import Security as Security
    from triode.binding import SecurityScopes as SecurityScopes
    from triode.db import Check as Check
    from triode.db import Database as Database
    from triode.db import Duplicate as Duplicate
    from triode.db import Field as Field
    from triode.db import ForeignKey as ForeignKey
    from triode.db import Index as Index
    from triode.db import ManyToMany as ManyToMany
    from triode.db import Model as Model
    from triode.db import NotLoaded as NotLoaded
    from triode.db import OneToOne as OneToOne
    from triode.db import Related as Related
    from triode.db import RowNotFound as RowNotFound
    from triode.db import Search as Search
    from triode.db import Statement as Statement
    from triode.db import and_ as and_
    from triode.db import asc as asc
    from triode.db import avg as avg
    from triode.db import col as col
    from triode.db import computed as computed
    from triode.db import count as count
    from triode.db import current_database as current_database
    from triode.db import desc as desc
    from triode.db import exists as exists
    from triode.db import in_ as in_
    from triode.db import is_null as is_null
    from triode.db import lower as lower
    from triode.db import max_ as max_
    from triode.db import min_ as min_
    from triode.db import not_ as not_
    from triode.db import on_commit as on_commit
    from triode.db import or_ as or_
    from triode.db import related as related
    from triode.db import request_transaction as request_transaction
    from triode.db import search as search
    from triode.db import sum_ as sum_
    from triode.db import transaction as transaction
    from triode.db import upper as upper
    from triode.db import utcnow as utcnow
    from triode.db import uuid7 as uuid7
    from triode.errors import ClientError as ClientError
    from triode.errors import ConfigError as ConfigError
    from triode.errors import TriodeError as TriodeError
    from triode.forms import ModelForm as ModelForm
    from triode.forms import Submitted as Submitted
    from triode.forms import Widget as Widget
    from triode.framework import FastAPI as FastAPI
    from triode.framework import Triode as Triode
    from triode.http import HTTPException as HTTPException
    from triode.http import RequestValidationError as RequestValidationError
    from triode.http import WebSocketException as WebSocketException
    from triode.http.sockets import WebSocket as WebSocket
    from triode.http.uploads import UploadFile as UploadFile
    from triode.middleware.visitors import Sessions as Sessions
    from triode.routing import APIRouter as APIRouter
    from triode.routing import Controller as Controller
    from triode.routing import MethodView as MethodView
    from triode.routing import Router as Router
    from triode.routing.marks import delete as delete
    from triode.routing.marks import get as get
    from triode.routing.marks import patch as patch
    from triode.routing.marks import post as post
    from triode.routing.marks import put as put
    from triode.routing.marks import route as route
    from triode.routing.marks import websocket as websocket
    from triode.schema import Create as Create
    from triode.schema import Email as Email
    from triode.schema import Patch as Patch
    from triode.schema import Url as Url
    from triode.templating import Page as Page
    from triode.templating import Redirect as Redirect
    from triode.templating import flash as flash
    from triode.templating import redirect as redirect
    from triode.templating import render as render
    from triode.templating import url_for as url_for

__version__ = "0.1.0"


# A type checker must not see `__getattr__`: it would take a misspelt name for one that exists.
if not TYPE_CHECKING:

    def _public_names() -> dict[str, tuple[str, str]]:
        """Return the module that holds each public name, and its name there."""
        found: dict[str, tuple[str, str]] = {}
        for line in _own_source().splitlines():
            words = line.split()
            if line.startswith("    from ") and len(words) == 6 and words[4] == "as":
                found[words[5]] = words[1], words[3]
        return found

    def _own_source() -> str:
        read = getattr(__loader__, "get_source", None)
        if read is not None:
            return read(__name__)
        # pytest loads the packages that bring a plugin by a loader of its own, which has none.
        with open(__file__, encoding="utf-8") as file:
            return file.read()

    def __getattr__(name: str) -> object:
        names = _public_names()
        if name == "__all__":
            return sorted(names)
        if name not in names:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module_name, own_name = names[name]
        module = __import__(module_name, fromlist=[own_name])
        value = globals()[name] = getattr(module, own_name)
        return value

    def __dir__() -> list[str]:
        return sorted([*globals(), *_public_names()])
