"""Programs with one mistake each, and what is said of it.

Every program follows `HEAD`; its first line is line 6 of `app.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAD = """\
from typing import Annotated, Any
from triode import *
app = Triode(database="sqlite://")


"""


@dataclass(frozen=True)
class Mistake:
    program: str
    message: str


MISTAKES = {
    "bad_annotation": Mistake(
        """\
@app.get("/")
def h(x: "Nope"): ...
""",
        "app.py:6: app.h has an annotation that cannot be resolved: name 'Nope' is not "
        "defined. Define or import the name at module level. [binding-unknown-name]",
    ),
    "not_a_type": Mistake(
        """\
@app.get("/")
def h(x: 3): ...
""",
        "app.py:6: Parameter 'x' of app.h cannot be bound: Triode cannot describe 3. Use "
        "a builtin type, dataclass, TypedDict, msgspec.Struct, model or pydantic model; "
        "or give the class a `__schema__`. [binding-parameter]",
    ),
    "unsupported_class": Mistake(
        """\
class Thing: ...
@app.get("/")
def h(x: Thing): ...
""",
        "app.py:7: Parameter 'x' of app.h cannot be bound: Triode cannot describe "
        "app.Thing. Use a builtin type, dataclass, TypedDict, msgspec.Struct, model or "
        "pydantic model; or give the class a `__schema__`. [binding-parameter]",
    ),
    "duplicate_route": Mistake(
        """\
@app.get("/a")
def h(): ...
@app.get("/a")
def g(): ...
""",
        'GET "/a" (app.g, app.py:8) is already taken by "/a" (app.h, app.py:6). Change '
        "the path or the method of one of them. [route-duplicate]",
    ),
    "path_param_missing": Mistake(
        """\
@app.get("/users/{user_id}")
def h(id: int): ...
""",
        'app.py:6: The path "/users/{user_id}" names {user_id}, which app.h does not '
        "take, while its id comes from the query. Give both one name. "
        "[binding-path-unused]",
    ),
    "path_default_marker": Mistake(
        """\
@app.get("/users/{user_id}")
def h(user_id: Annotated[int, Path()] = 3): ...
""",
        "app.py:6: Parameter 'user_id' of app.h is a path parameter with the default 3, "
        "which is never used. Leave the default out. [binding-parameter]",
    ),
    "unknown_app_option": Mistake(
        """\
other = Triode(tittle="x")
""",
        "app.py:6: Triode takes no option 'tittle'. [app-option]",
    ),
    "unknown_route_option": Mistake(
        """\
@app.get("/", respnse_model=int)
def h(): ...
""",
        "app.py:6: A route takes no option 'respnse_model'. Did you mean "
        "'response_model'? [route-option]",
    ),
    "circular_dependency2": Mistake(
        """\
def a(b: int = None): ...
def b(a: int = Depends(a)): ...
a.__defaults__ = (Depends(b),)
@app.get("/")
def h(x: int = Depends(a)): ...
""",
        "app.py:6: Dependencies need each other: app.h -> app.a -> app.b -> app.a. Break "
        "the circle. [binding-circle]",
    ),
    "depends_not_callable": Mistake(
        """\
@app.get("/")
def h(x: Annotated[int, Depends(3)]): ...
""",
        "app.py:6: Parameter 'x' of app.h depends on nothing that can be called. Write "
        "Depends(function). [binding-parameter]",
    ),
    "depends_forgotten_call": Mistake(
        """\
def get_db(): return 1
@app.get("/")
def h(x: Annotated[int, get_db]): ...
""",
        "app.py:7: Parameter 'x' of app.h has the function get_db in its annotation, "
        "which does nothing there. Write Depends(get_db). [binding-parameter]",
    ),
    "unknown_marker_default": Mistake(
        """\
@app.get("/")
def h(x = Depends): ...
""",
        "app.py:6: Parameter 'x' of app.h has Depends without its brackets. Write "
        "Depends(). [binding-parameter]",
    ),
    "args": Mistake(
        """\
@app.get("/")
def h(*args, **kwargs): ...
""",
        "app.py:6: app.h takes *args, **kwargs, which no request can fill. Name the "
        "parameters; a decorator keeps those of its function with "
        "@functools.wraps(function). [binding-no-names]",
    ),
    "body_and_form": Mistake(
        """\
@app.post("/")
def h(a: dict, b: Annotated[str, Form()]): ...
""",
        "app.py:6: app.h takes a form and the JSON body 'a'. A request has only one body:"
        " use one of them. [binding-two-bodies]",
    ),
    "bad_response_model": Mistake(
        """\
class Thing: ...
@app.get("/", response_model=Thing)
def h(): ...
""",
        "app.py:7: Triode cannot describe app.Thing. Use a builtin type, dataclass, "
        "TypedDict, msgspec.Struct, model or pydantic model; or give the class a "
        "`__schema__`. [schema-unsupported-type]",
    ),
    "bad_return": Mistake(
        """\
class Thing: ...
@app.get("/")
def h() -> Thing: ...
""",
        "app.py:7: Triode cannot describe app.Thing. Use a builtin type, dataclass, "
        "TypedDict, msgspec.Struct, model or pydantic model; or give the class a "
        "`__schema__`. [schema-unsupported-type]",
    ),
    "missing_name": Mistake(
        """\
from triode import Tirode
""",
        "app.py:6: ImportError: cannot import name 'Tirode' from 'triode' (…). Did you "
        "mean 'Triode'?",
    ),
    "name_of_another_module": Mistake(
        """\
from triode import dense_rank
""",
        "app.py:6: ImportError: cannot import name 'dense_rank' from 'triode' (…). Write "
        "`from triode.db import dense_rank`",
    ),
    "path_slash": Mistake(
        """\
@app.get("users")
def h(): ...
""",
        'app.py:6: "users" (handler app.h, app.py:6) does not start with "/". Write '
        '"/users". [route-no-slash]',
    ),
    "braces": Mistake(
        """\
@app.get("/users/{id")
def h(id: int): ...
""",
        'app.py:6: "/users/{id" (handler app.h, app.py:6) has unbalanced braces. [route-braces]',
    ),
    "converter": Mistake(
        """\
@app.get("/users/{id:num}")
def h(id: int): ...
""",
        'app.py:6: "/users/{id:num}" (handler app.h, app.py:6) has the unknown converter '
        '"num". Known are: str, path, int, float, uuid. [route-converter]',
    ),
    "dup_param": Mistake(
        """\
@app.get("/users/{id}/{id}")
def h(id: int): ...
""",
        'app.py:6: "/users/{id}/{id}" (handler app.h, app.py:6) names the parameter "id" '
        "twice. Rename one of them. [route-duplicate-parameter]",
    ),
    "bad_pattern": Mistake(
        """\
@app.get("/")
def h(x: Annotated[str, Query(pattern="(")]): ...
""",
        "app.py:6: Parameter 'x' of app.h cannot be bound: The pattern '(' is not a "
        "regular expression: missing ), unterminated subpattern at position 0. Mend the "
        "pattern. [binding-parameter]",
    ),
    "positional_only": Mistake(
        """\
@app.get("/")
def h(x, /): ...
""",
        "app.py:6: Parameter 'x' of app.h is positional-only. Leave out the \"/\". "
        "[binding-parameter]",
    ),
    "handler_not_callable": Mistake(
        """\
app.get("/")(3)
""",
        'app.py:6: "/" has the handler 3, which cannot be called. [route-handler]',
    ),
    "decorator_without_call": Mistake(
        """\
@app.get
def h(): ...
""",
        'app.py:6: The path <function h at 0x…> is not a text. Write @app.get("/path") '
        "above the function. [route-path]",
    ),
    "no_method": Mistake(
        """\
@app.route("/", methods=[])
def h(): ...
""",
        'app.py:6: "/" (app.h, app.py:6) answers no method. [route-no-method]',
    ),
    "status_code": Mistake(
        """\
@app.get("/", status_code=99)
def h(): ...
""",
        'app.py:6: "/" has the status_code 99. Use a number from 100 to 599. [route-status]',
    ),
    "status_code_type": Mistake(
        """\
@app.get("/", status_code="201")
def h(): ...
""",
        "app.py:6: \"/\" has the status_code '201'. Use a number from 100 to 599. [route-status]",
    ),
    "body_with_204": Mistake(
        """\
@app.get("/", status_code=204)
def h() -> int: return 1
""",
        'app.py:6: "/" has the status_code 204, which has no body, and declares int for '
        "one. Declare None, or use 200. [route-status]",
    ),
    "event": Mistake(
        """\
@app.on_event("start")
def h(): ...
""",
        'app.py:6: There is no event "start". Known are "startup" and "shutdown". [app-event]',
    ),
    "mw_kind": Mistake(
        """\
@app.middleware("ws")
def h(): ...
""",
        'app.py:6: There is no middleware kind "ws". Write @app.middleware("http"). '
        "[app-middleware-kind]",
    ),
    "middleware_not_class": Mistake(
        """\
app.add_middleware(3)
""",
        "app.py:6: add_middleware was given 3, which is no class. Write "
        "app.add_middleware(Class, option=value). [middleware-object]",
    ),
    "exc_handler_key": Mistake(
        """\
@app.exception_handler("404")
def h(r, e): ...
""",
        "app.py:6: exception_handler was given '404'. Use a class of exceptions, or a "
        "status from 100 to 599. [app-exception-handler]",
    ),
    "include_self": Mistake(
        """\
app.include_router(app)
""",
        "app.py:6: A router cannot be included in itself, nor in one that it includes. "
        "Include another router. [route-include-self]",
    ),
    "include_not_router": Mistake(
        """\
app.include_router(3)
""",
        "app.py:6: 3 is no router of Triode. Put it into an application of its own framework, and "
        "mount that: mount('/', application). [route-include]",
    ),
    "prefix": Mistake(
        """\
r = Router(prefix="x/")
app.include_router(r)
""",
        'app.py:6: The prefix "x/" must start with "/" and not end with one. '
        'Write "/x". [route-prefix]',
    ),
    "mount_slash": Mistake(
        """\
app.mount("static", app)
""",
        'app.py:6: The mount path "static" does not start with "/". Write "/static". '
        "[route-no-slash]",
    ),
    "db_url": Mistake(
        """\
app2 = Triode(database="nosuch://x")
""",
        "app.py:6: There is no engine for 'nosuch': there are sqlite, postgresql, and what "
        "SQLAlchemy has a dialect for, such as mysql+pymysql and mariadb+pymysql. [database-url]",
    ),
    "missing_extra": Mistake(
        """\
import sys; sys.modules["asyncpg"] = None
app2 = Triode(database="postgresql://x/y")
""",
        "app.py:7: PostgreSQL needs the package 'asyncpg', which is not installed. "
        'Install it with: pip install "triode[postgres]" [missing-extra]',
    ),
    "lifespan_raises": Mistake(
        """\
from contextlib import asynccontextmanager
@asynccontextmanager
async def life(app):
    raise RuntimeError("no disk")
    yield
app = Triode(lifespan=life)
""",
        "app.py:9: RuntimeError: no disk",
    ),
    "startup_raises": Mistake(
        """\
@app.on_event("startup")
def s(): raise OSError("no disk")
""",
        "app.py:7: OSError: no disk",
    ),
    "model_bad_type": Mistake(
        """\
class A(Model):
    x: complex
""",
        "app.py:7: A.x: no column can hold the type complex. Use str, int, float, bool, "
        "bytes, Decimal, date, time, datetime, timedelta, UUID, an Enum or Literal of "
        "texts or integers, or, as JSON, a dict, list, dataclass, TypedDict or "
        "msgspec.Struct. [model-field-type]",
    ),
    "fk_nowhere": Mistake(
        """\
class A(Model):
    b: "Nope" = ForeignKey()
""",
        "app.py:7: A.b leads to 'Nope', which is not a model. Define or import it before "
        "the application starts. [model-unknown-target]",
    ),
    "file_in_query": Mistake(
        """\
@app.get("/")
def h(a: Annotated[UploadFile, Query()]): ...
""",
        "app.py:6: Parameter 'a' of app.h is an upload, which only a form carries. Use "
        "File. [binding-parameter]",
    ),
    "query_dict": Mistake(
        """\
@app.get("/")
def h(a: Annotated[dict[str, dict], Query()]): ...
""",
        "app.py:6: Parameter 'a' of app.h is neither a single value, nor a list of them, "
        "nor an object with known fields. Use Body. [binding-parameter]",
    ),
    "ws_return": Mistake(
        """\
@app.websocket("/ws")
async def h(ws): ...
""",
        "app.py:6: app.h serves a WebSocket and takes none. Add a parameter for it: "
        "websocket: WebSocket. [binding-no-websocket]",
    ),
    "syntax": Mistake(
        """\
def h(:
""",
        "app.py:6: SyntaxError: invalid syntax",
    ),
    "op_id_dup": Mistake(
        """\
@app.get("/a", operation_id="x")
def h(): ...
@app.get("/b", operation_id="x")
def g(): ...
""",
        "app.py:8: The operation id 'x' of GET /b is also that of GET /a. Give one of "
        "them another operation_id. [openapi-duplicate-operation-id]",
    ),
    "default_and_annotated_default": Mistake(
        """\
@app.get("/")
def h(x: Annotated[int, Query(default=1)] = 2): ...
""",
        "app.py:6: Parameter 'x' of app.h has two defaults, 1 and 2. Keep the one behind "
        "the equals sign. [binding-parameter]",
    ),
    "required_after_default_gen": Mistake(
        """\
@app.get("/{x}")
def h(x: Annotated[int, Query()]): ...
""",
        "app.py:6: Parameter 'x' of app.h is named in the path, but declared as Query. "
        "Use Path, or rename it. [binding-parameter]",
    ),
    "override_nothing": Mistake(
        """\
app.dependency_overrides[3] = 4
""",
        "app.py:6: dependency_overrides has the dependency 3, which cannot be called. "
        "Write app.dependency_overrides[dependency] = function. [binding-override]",
    ),
}
