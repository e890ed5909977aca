"""The table of rooms in docs/design.md, held over the source.

The source is read and not run, so an import counts wherever it stands: at the top, under
`if TYPE_CHECKING:` or inside a function.
"""

from __future__ import annotations

import ast
import itertools
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
DESIGN = ROOT / "docs" / "design.md"
FACE = {"__init__", "__main__"}  # triode/__init__.py hands on every room's names
USER_PROGRAMS = "cli/starts"  # what `triode new` copies; not part of the house


@dataclass(frozen=True)
class Room:
    name: str
    floor: int
    rule: str


@dataclass(frozen=True)
class Arrow:
    """One import of one module of ours by another."""

    source: str
    target: str
    place: str
    inside_function: bool


def read_rooms() -> dict[str, Room]:
    """Return the rooms of the table by name, in the table's order."""
    rooms: dict[str, Room] = {}
    for floor, names, rule in re.findall(
        r"^\| (\d+) \| (.+?) \| (.+?) \|$", DESIGN.read_text(encoding="utf-8"), re.MULTILINE
    ):
        rooms_of_row = names.split(":")[0]  # after the colon: the order within the room
        for name in re.findall(r"`([\w./]+)`", rooms_of_row):
            room = name.removesuffix("/").removesuffix(".py")
            rooms[room] = Room(room, int(floor), rule)
    return rooms


def read_orders(room: str) -> list[list[str]]:
    """Return the chains that the table has of a room: after "a → b", b may import a."""
    row = re.search(rf"`{room}/`: (.+?) \|", DESIGN.read_text(encoding="utf-8"))
    chains = row.group(1).split(";") if row else []
    return [[name.removesuffix("/") for name in re.findall(r"`([\w/]+)`", each)] for each in chains]


def allowed(room: Room, rooms: dict[str, Room]) -> set[str]:
    """Return the rooms that the words of the table let `room` import."""
    found: set[str] = set()
    refused: set[str] = set()
    for clause in re.split(r", ", room.rule):
        found |= set(_rooms_of_clause(clause, room, rooms))
        if clause.startswith("not "):
            refused |= set(re.findall(r"`(\w+)`", clause))
    return found - refused


def _rooms_of_clause(clause: str, room: Room, rooms: dict[str, Room]) -> Iterator[str]:
    if clause == "everything":
        yield from rooms
    elif clause == "everything below":
        yield from (name for name, other in rooms.items() if other.floor < room.floor)
    elif floors := re.match(r"floors? (\d)(?:\u2013(\d))?", clause):
        low, high = int(floors[1]), int(floors[2] or floors[1])
        yield from (name for name, other in rooms.items() if low <= other.floor <= high)
    elif below := re.match(r"`(\w+)` and below", clause):
        top = rooms[below[1]].floor
        yield from (name for name, other in rooms.items() if other.floor < top)
        yield below[1]
    elif not clause.startswith("not "):
        yield from re.findall(r"`(\w+)`", clause)


def source_modules() -> dict[str, Path]:
    """Return the file of every module of the package, by its dotted name."""
    found: dict[str, Path] = {}
    for path in sorted((SOURCE / "triode").rglob("*.py")):
        relative = path.relative_to(SOURCE).with_suffix("")
        if USER_PROGRAMS in relative.as_posix():
            continue
        parts = relative.parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(path: Path) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Yield each import statement of a file, and whether it stands inside a function."""

    def walk(node: ast.AST, inside: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                yield child, inside
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk(child, inside or is_function)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), False)


def names_of(node: ast.Import | ast.ImportFrom, module: str, path: Path) -> list[str]:
    """Return the dotted names that an import statement asks for."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        parts = module.split(".") + (["_"] if path.name == "__init__.py" else [])
        base = ".".join([*parts[: len(parts) - node.level], *([base] if base else [])])
    return [f"{base}.{alias.name}" for alias in node.names]


def read_arrows(modules: dict[str, Path]) -> list[Arrow]:
    """Return every import of a module of ours by another."""
    arrows = []
    for module, path in modules.items():
        for node, inside in imports_of(path):
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            names = names_of(node, module, path)
            targets = {name if name in modules else name.rpartition(".")[0] for name in names}
            for target in sorted(targets & set(modules) - {module}):
                arrows.append(Arrow(module, target, place, inside))
    return arrows


def room_of(module: str) -> str:
    """Return the room of a module: "triode.http.call" is in "http"."""
    return module.split(".")[1] if "." in module else "__init__"


def place_in(room: str, module: str) -> str:
    """Return the part of a room that holds a module: "engine" for "triode.db.engine.sqlite"."""
    parts = module.split(".")
    return parts[2] if parts[1:2] == [room] and len(parts) > 2 else ""


ROOMS = read_rooms()
MODULES = source_modules()
ARROWS = read_arrows(MODULES)


def test_every_module_is_in_a_room_of_the_table():
    strangers = {room_of(module) for module in MODULES} - set(ROOMS) - FACE
    assert not strangers, f"not in the table of docs/design.md: {sorted(strangers)}"


def test_imports_run_down():
    wrong: list[str] = []
    for arrow in ARROWS:
        source, target = room_of(arrow.source), room_of(arrow.target)
        if source in FACE or source == target or source not in ROOMS:
            continue
        if target == "__init__":
            is_allowed = ROOMS[source].rule == "everything"
        else:
            is_allowed = target in allowed(ROOMS[source], ROOMS)
        if not is_allowed:
            rule = ROOMS[source].rule
            wrong.append(f"{arrow.place}: {arrow.source} → {arrow.target}; {source} may: {rule}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_order_within_db():
    orders = read_orders("db")
    assert orders, "docs/design.md gives no order of what lies in db"
    wrong = []
    for arrow, order in itertools.product(ARROWS, orders):
        source, target = place_in("db", arrow.source), place_in("db", arrow.target)
        if source in order and target in order and order.index(target) > order.index(source):
            wrong.append(f"{arrow.place}: {arrow.source} → {arrow.target} runs upward")
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_circles_within_db():
    graph: dict[str, set[str]] = defaultdict(set)
    for arrow in ARROWS:
        source, target = place_in("db", arrow.source), place_in("db", arrow.target)
        if source and target and source != target:
            graph[source].add(target)
            graph[target] |= set()
    assert find_circle(graph) is None, " → ".join(find_circle(graph) or [])


def test_no_circles_between_modules():
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for arrow in ARROWS:
        graph[arrow.source].add(arrow.target)
    assert find_circle(graph) is None, " → ".join(find_circle(graph) or [])


def test_functions_import_third_party_packages_only():
    wrong = []
    for module, path in MODULES.items():
        for node, inside in imports_of(path):
            for name in names_of(node, module, path) if inside else []:
                if name.split(".")[0] in {"triode", *sys.stdlib_module_names}:
                    place = f"{path.relative_to(ROOT)}:{node.lineno}"
                    wrong.append(f"{place}: {name} is imported inside a function")
    assert not wrong, "\n" + "\n".join(wrong)


def test_stand_ins_are_what_type_checkers_read():
    """`later(globals(), files="triode.http.files")` beside the same import for type checkers."""
    wrong = []
    found = 0
    for module, path in MODULES.items():
        for block in ast.parse(path.read_text(encoding="utf-8")).body:
            given = stand_ins(block)
            read = modules_read_by_type_checkers(block) if given else {}
            found += len(given)
            wrong += [
                f"{module}: {variable} is {name!r}, and {read.get(variable)!r} to type checkers"
                for variable, name in given.items()
                if read.get(variable) != name
            ]
    assert not wrong, "\n" + "\n".join(wrong)
    assert found > 30


def test_packages_hand_on_what_type_checkers_read():
    wrong = []
    for module, path in MODULES.items():
        for block in ast.parse(path.read_text(encoding="utf-8")).body:
            given = handed_on(block)
            if given and given != modules_read_by_type_checkers(block):
                wrong.append(module)
            if given and {name.rpartition(".")[2] for name in given.values()} != set(
                import_module(module).__all__
            ):
                wrong.append(f"{module}.__all__")
    assert not wrong


def stand_ins(block: ast.AST) -> dict[str, str]:
    """Return the modules that `later` and `on_demand` stand in for, by the names they are given."""
    return {
        keyword.arg: str(ast.literal_eval(keyword.value))
        for node in ast.walk(block)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("later", "on_demand")
        for keyword in node.keywords
        if keyword.arg is not None
    }


def handed_on(block: ast.AST) -> dict[str, str]:
    """Return the dotted names that a package hands on, by the names they have there."""
    for node in ast.walk(block):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "handing_on":
            homes: dict[str, str] = ast.literal_eval(node.args[1])
            return {
                name: f"{home}.{name}" for home, names in homes.items() for name in names.split()
            }
    return {}


def modules_read_by_type_checkers(block: ast.stmt) -> dict[str, str]:
    """Return the dotted names of the imports under `if TYPE_CHECKING:`."""
    found: dict[str, str] = {}
    if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
        for node in block.body:
            if isinstance(node, ast.Import):
                found |= {alias.asname or alias.name: alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found |= {
                    alias.asname or alias.name: f"{node.module}.{alias.name}"
                    for alias in node.names
                }
    return found


def test_rules_of_the_table_are_understood():
    assert allowed(ROOMS["errors"], ROOMS) == {"errors"}
    assert allowed(ROOMS["http"], ROOMS) == {
        *("errors", "later", "places", "concurrency", "signing", "settings"),
        "schema",
    }
    assert allowed(ROOMS["routing"], ROOMS) >= {"binding", "http", "schema", "errors"}
    assert not allowed(ROOMS["routing"], ROOMS) & {"db", "openapi", "app", "forms"}
    assert "admin" not in allowed(ROOMS["testing"], ROOMS)
    assert read_orders("db")[0][:3] == ["errors", "engine", "sql"]


def test_circle_is_found():
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert find_circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


def find_circle(graph: dict[str, set[str]]) -> list[str] | None:
    """Return the modules of one circle in order, the first repeated at the end."""
    finished: set[str] = set()

    def visit(module: str, way: list[str]) -> list[str] | None:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in finished:
            return None
        for target in sorted(graph[module]):
            if circle := visit(target, [*way, module]):
                return circle
        finished.add(module)
        return None

    return next((circle for module in graph if (circle := visit(module, []))), None)
