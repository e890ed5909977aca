"""Write the Python source of an endpoint: bind, call dependencies, call the handler.

One straight-line function per route, because walking a description on every request costs more
than the work itself. `triode routes --source` prints it. Names with a number are constants of
the endpoint; everything else reads as if written by hand.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from typing import Any

from triode.binding.calling import CallWriter
from triode.binding.description import BodyPart, Dependency, Parameter
from triode.binding.embedded import parts_reader
from triode.binding.models import gather_choice, gather_form, gather_parameters
from triode.binding.plan import Mode, Place, Plan
from triode.binding.shape import objects_of
from triode.binding.texts import fast_int_decoder, is_plain_text
from triode.schema import json_decoder, python_decoder, text_decoder
from triode.schema.kinds.strings import BytesSchema
from triode.schema.node import walk

IMMUTABLE = (str, int, float, bool, bytes, tuple, frozenset, type(None), enum.Enum)


class EndpointWriter(CallWriter):
    """Writes an endpoint: the values of a request, and by its base the calls that take them."""

    def __init__(self, plan: Plan, *, tools: Collection[str] = ()) -> None:
        super().__init__(plan, tools=tools)
        nodes = plan.nodes
        parts = [part for node in nodes for part in node.body]
        self.json_parts = _unique(part for part in parts if not part.is_form)
        self.has_form = any(part.is_form for part in parts)
        self._is_read_again = sum(not part.is_form for part in parts) > 1
        self.has_response = any("response" in node.specials.values() for node in nodes)
        self.has_background = any("background" in node.specials.values() for node in nodes)
        self._sources = {item.source for node in nodes for item in node.parameters}
        self._is_fallible = bool(self._sources or parts)

    def write(self) -> str:
        """Return the source of `endpoint(call)`, or of `solve(call, form, exits)` for a thread."""
        self._prologue()
        arguments, _ = self._bind(self.root)
        self._stages.go_to(self.plan.place(self.root))
        if self._is_fallible:
            self._line("if problems:")
            if self._is_read_again:
                self._line("    problems = each_once(problems)")
            self._line("    raise RequestValidationError(problems, body=received_body(call))")
        self._call_handler(arguments)
        self._epilogue()
        is_async = self.mode is not Mode.INLINE or self.has_form
        return self._stages.text(self.plan, is_async=is_async)

    # --- the parts of the function

    def _has_query(self, *, is_list: bool) -> bool:
        return any(
            item.source == "query" and item.is_list is is_list
            for node in self.root.walk()
            for item in node.parameters
        )

    def _prologue(self) -> None:
        if self.mode is Mode.MIXED:
            self._stages.go_to(Place.LOOP)
        if self._is_fallible:
            self._line("problems = []")
        if "path" in self._sources:
            self._line("params = call.params")
        if self._has_query(is_list=False):
            self._line("query = call.last_query_values")
        if self._has_query(is_list=True):
            self._line("query_lists = call.query_values")
        if "header" in self._sources:
            self._line("headers = call.head.values")
        if self.has_response:
            self._line("response = blank_response()")
        if self.has_background:
            self._line("background = BackgroundTasks()")
        if self.has_form and self.mode is not Mode.THREAD:
            self._stages.go_to(Place.LOOP)
            self._line("form = await read_form(call)")
        if self._is_embedded:
            self._embedded_body()

    @property
    def _is_embedded(self) -> bool:
        return len(self.json_parts) > 1 or any(part.embed for part in self.json_parts)

    def _epilogue(self) -> None:
        if self.has_response:
            self._line("merge_response(reply, response)")
        if self.has_background:
            self._line("if background.tasks:")
            self._line("    add_background(reply, background)")

    def _values(self, node: Dependency) -> list[tuple[str, str]]:
        found = [(parameter.name, self._parameter(parameter)) for parameter in node.parameters]
        found += [(part.name, self._body_part(part)) for part in node.body]
        return found

    # --- values

    def _parameter(self, item: Parameter) -> str:
        variable = self._name(item.name)
        if item.others or objects_of(item.schema):
            gather = gather_choice(item) if item.others else gather_parameters(item)
            self._gather(variable, f"{self._constant('gather', gather)}(call)", (item.source,))
            return variable
        raw = {
            "path": f"params[{item.alias!r}]",
            "query": f"{'query_lists' if item.is_list else 'query'}.get({item.alias!r})",
            "header": f"headers.get({item.alias.lower().encode('latin-1')!r})",
            "cookie": f"call.cookies.get({item.alias!r})",
        }[item.source]
        if item.source == "header" and item.is_list:
            raw = f"call.headers({item.alias.lower().encode('latin-1')!r}) or None"
        place = (item.source, item.alias)
        self._line(f"raw = {raw}")
        indent = 0
        if item.source != "path":
            self._absent(variable, "raw is None", item, place)
            self._line("else:")
            indent = 1
        self._indent += indent
        value = "raw"
        if item.source == "header" and not item.is_list:
            value = "raw.decode('latin-1')"
        if is_plain_text(item.schema):
            self._line(f"{variable} = {value}")
        else:
            decode = text_decoder(item.schema)
            self._decode(variable, value, fast_int_decoder(item.schema, decode) or decode, place)
        self._indent -= indent
        return variable

    def _absent(
        self, variable: str, condition: str, item: Parameter | BodyPart, place: tuple[str, ...]
    ) -> None:
        self._line(f"if {condition}:")
        if item.required:
            self._line(f"    problems.append(missing({place!r}))")
        else:
            self._line(f"    {variable} = {self._default(item)}")

    def _default(self, item: Parameter | BodyPart) -> str:
        info = item.info
        if info.default_factory is not None:
            return self._constant("make_default", info.default_factory) + "()"
        if isinstance(info.default, IMMUTABLE):
            simple = info.default is None or type(info.default) in (str, int, bool)
            return repr(info.default) if simple else self._constant("default", info.default)
        return "deepcopy(" + self._constant("default", info.default) + ")"

    def _decode(self, variable: str, value: str, decode: Any, place: tuple[str, ...]) -> None:
        self._gather(variable, f"{self._constant('decode', decode)}({value})", place)

    def _gather(self, variable: str, value: str, place: tuple[str, ...]) -> None:
        self._line("try:")
        self._line(f"    {variable} = {value}")
        self._line("except ValidationFailed as exc:")
        self._line(f"    problems.extend(exc.under(*{place!r}).errors)")

    def _body_part(self, part: BodyPart) -> str:
        variable = self._name(part.name)
        if part.is_form:
            self._form_value(variable, part)
        elif self._is_embedded:
            self._embedded_value(variable, part)
        else:
            self._whole_body(variable, part)
        return variable

    def _whole_body(self, variable: str, part: BodyPart) -> None:
        self._absent(variable, "not call.body", part, ("body",))
        self._line("else:")
        self._indent += 1
        decode = self._constant("decode", json_decoder(part.schema))
        plain = self._constant("decode", python_decoder(part.schema))
        self._line("try:")
        self._line("    if is_json_content(call):")
        self._line(f"        {variable} = {decode}(call.body)")
        self._line("    else:")
        text = "call.body.decode('utf-8', 'replace')"
        is_bytes = part.annotation is bytes
        self._line(f"        {variable} = {'call.body' if is_bytes else f'{plain}({text})'}")
        self._line("except ValidationFailed as exc:")
        self._line("    problems.extend(exc.under('body').errors)")
        self._indent -= 1

    def _embedded_body(self) -> None:
        read = self._constant("read_parts", parts_reader(self.json_parts))
        self._line(f"body, body_problems = {read}(json_object(call))")

    def _embedded_value(self, variable: str, part: BodyPart) -> None:
        name = next(each.name for each in self.json_parts if each.alias == part.alias)
        self._line(f"if {name!r} in body:")
        self._line(f"    {variable} = body[{name!r}]")
        if part.required:
            self._line("else:")
            self._line(f"    problems.extend(body_problems[{name!r}])")
        else:
            self._line(f"elif {name!r} in body_problems:")
            self._line(f"    problems.extend(body_problems[{name!r}])")
            self._line("else:")
            self._line(f"    {variable} = {self._default(part)}")

    def _form_value(self, variable: str, part: BodyPart) -> None:
        if part.others or objects_of(part.schema):
            gather = gather_choice(part) if part.others else gather_form(part)
            self._gather(variable, f"{self._constant('gather', gather)}(form)", ("body",))
            return
        place = ("body", part.alias)
        self._line(f"raw = form.get({part.alias!r})")
        is_absent = "raw is None" if part.is_list else "raw is None or raw[-1] == ''"
        self._absent(variable, is_absent, part, place)
        self._line("else:")
        self._indent += 1
        value = "raw" if part.is_list else "raw[-1]"
        if part.is_file and any(isinstance(node, BytesSchema) for node in walk(part.schema)):
            value = f"contents_of({value})"
        self._decode(variable, value, text_decoder(part.schema), place)
        self._indent -= 1


def _unique(parts: Any) -> list[BodyPart]:
    found: dict[str, BodyPart] = {}
    for part in parts:
        found.setdefault(part.alias, part)
    return list(found.values())
