"""What `import triode` hands out, and what it must not load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import triode

PUBLIC_NAMES = [
    "APIRouter",
    "Admin",
    "Auth",
    "BackgroundTasks",
    "Body",
    "Check",
    "ClientError",
    "ConfigError",
    "Controller",
    "Cookie",
    "Create",
    "CurrentUser",
    "Database",
    "Depends",
    "Duplicate",
    "Email",
    "FastAPI",
    "Field",
    "File",
    "ForeignKey",
    "Form",
    "HTTPException",
    "Header",
    "Index",
    "Inline",
    "ManyToMany",
    "MethodView",
    "Model",
    "ModelAdmin",
    "ModelForm",
    "NotLoaded",
    "OneToOne",
    "OptionalUser",
    "Page",
    "Patch",
    "Path",
    "Query",
    "Redirect",
    "Related",
    "Request",
    "RequestValidationError",
    "Response",
    "Router",
    "RowNotFound",
    "Search",
    "Security",
    "SecurityScopes",
    "Sessions",
    "Statement",
    "Submitted",
    "Triode",
    "TriodeError",
    "UploadFile",
    "Url",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketException",
    "Widget",
    "action",
    "and_",
    "asc",
    "avg",
    "col",
    "computed",
    "count",
    "current_database",
    "delete",
    "desc",
    "display",
    "exists",
    "flash",
    "get",
    "in_",
    "is_null",
    "login_required",
    "lower",
    "max_",
    "min_",
    "not_",
    "on_commit",
    "or_",
    "patch",
    "permission_required",
    "post",
    "put",
    "redirect",
    "related",
    "render",
    "request_transaction",
    "search",
    "route",
    "status",
    "sum_",
    "transaction",
    "upper",
    "url_for",
    "utcnow",
    "uuid7",
    "websocket",
]

IMPORT_BUDGET_MS = 10  # of processor time, so that a busy machine does not matter


def typed_imports() -> list[str]:
    """Return the names that a type checker sees."""
    tree = ast.parse(Path(triode.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return [str(alias.asname) for node in imports for alias in node.names]


def run_python(code: str) -> str:
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_public_names_are_pinned():
    assert sorted(triode.__all__) == sorted(PUBLIC_NAMES)


def test_type_checkers_see_the_same_names():
    assert sorted(typed_imports()) == sorted(PUBLIC_NAMES)


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_public_name_can_be_imported(name):
    assert getattr(triode, name) is not None


def test_misspelt_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'triode' has no attribute 'Triodo'$"):
        _ = triode.Triodo


def test_dir_lists_public_names():
    assert set(PUBLIC_NAMES) <= set(dir(triode))


def test_import_triode_loads_no_room():
    code = "import triode; print(*[name for name in sys.modules if name.startswith('triode')])"
    assert run_python(code) == "triode"


def test_import_triode_is_quick():
    code = (
        "import time; started = time.process_time(); import triode\n"
        "print((time.process_time() - started) * 1000)"
    )
    assert min(float(run_python(code)) for _ in range(3)) < IMPORT_BUDGET_MS
