"""`Submitted[ModelForm[Post]]`: the form that a request submits, as a handler's parameter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from triode.errors import BindingError, ClientError
from triode.forms.form import Form
from triode.http import Call
from triode.http.query import parse_query

F = TypeVar("F", bound=Form[Any])

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


class NotAForm(ClientError):
    """A body that is no form, or a form that cannot be read."""

    default_code = "not-a-form"


class _SubmittedForm:
    """Tells binding how to get a submitted form: by calling `__bind__`."""

    def __init__(self, form_class: type[Form[Any]]) -> None:
        self.form_class = form_class

    @property
    def __openapi__(self) -> dict[str, Any]:
        media = MULTIPART if self.form_class().is_multipart else URLENCODED
        schema = self.form_class().json_schema()
        return {"requestBody": {"content": {media: {"schema": schema}}}}

    async def __bind__(self, call: Call) -> AsyncIterator[Any]:
        data = await read_submitted(call)
        try:
            form = self.form_class(data=data)
            if form.is_valid:
                # What the path names is what the form changes, as in /posts/{id}/edit.
                await form.check_stored(keys=set(call.params.values()))
            yield form
        finally:
            for values in data.values():
                for value in values:
                    if not isinstance(value, str):
                        await value.close()


if TYPE_CHECKING:
    Submitted = Annotated[F, "submitted"]
else:

    class Submitted:
        """The form that a request submits, validated; look at `form.is_valid`."""

        def __class_getitem__(cls, form_class: Any) -> Any:
            if not (isinstance(form_class, type) and issubclass(form_class, Form)):
                raise BindingError(
                    f"Submitted[…] takes a form class, not {form_class!r}. "
                    "Write Submitted[ModelForm[Post]] or Submitted[PostForm].",
                    code="binding-submitted",
                )
            return Annotated[form_class, _SubmittedForm(form_class)]


async def read_submitted(call: Call) -> dict[str, list[Any]]:
    """Return what a form sent: every value of every name, text or `UploadFile`.

    Raises:
        NotAForm: the body is something else, or broken.
    """
    media = (call.header(b"content-type") or "").partition(";")[0].strip().lower()
    if media == URLENCODED:
        try:
            return {**parse_query((await call.read()).decode())}
        except UnicodeDecodeError as exc:
            raise NotAForm("The form is not valid UTF-8.") from exc
    if media == MULTIPART:
        return await _read_multipart(call)
    if not await call.read():
        return {}
    raise NotAForm(f"A form is sent as {URLENCODED} or {MULTIPART}, not as {media or 'nothing'}.")


async def _read_multipart(call: Call) -> dict[str, list[Any]]:
    from starlette.exceptions import HTTPException

    try:
        form = await call.request().form()
    except HTTPException as exc:
        raise NotAForm(exc.detail) from exc
    data: dict[str, list[Any]] = {}
    for name, value in form.multi_items():
        data.setdefault(name, []).append(value)
    return data
