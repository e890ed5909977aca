"""Forms that create and change what they were made from.

This room knows no database: whatever has `save()` and `update(changes)` will do.
"""

from __future__ import annotations

from typing import Any, TypeVar

from triode.errors import TriodeError
from triode.forms.form import Form
from triode.schema import Changes, ObjectSchema, Variant

T = TypeVar("T")


class ModelForm(Form[T]):
    """A form over a model: `ModelForm(Post)`, or a subclass of `ModelForm[Post]`.

    It shows what `Create[Post]` accepts: no automatic key, nothing read-only.
    """

    def _read_schema(self) -> ObjectSchema:
        return super()._read_schema().variant(Variant.CREATE)

    async def save(self, instance: T | None = None, **values: Any) -> T:
        """Create the object, or change `instance` (or the one the form was made with).

        `values` are fields that the form does not show: `form.save(author=user)`.

        Raises:
            TriodeError: the form is not valid.
            ClientError: the database refuses it (a value that must be unique is taken); the
                form then holds the message among its errors.
        """
        if not self.is_valid:
            raise TriodeError(
                f"{type(self).__name__} is not valid, so there is nothing to save. "
                "Look at form.is_valid first, and show the form again.",
                code="form-not-valid",
            )
        existing: Any = instance if instance is not None else self.instance
        if existing is not None:
            await existing.update(Changes(self.target_class, {**self.cleaned_data, **values}))
            return existing  # type: ignore[no-any-return]
        made = self._make(values)
        await made.save()
        return made  # type: ignore[no-any-return]

    def _make(self, values: dict[str, Any]) -> Any:
        if self.is_partial:
            return self._schema.construct({**self.cleaned_data, **values})
        for name, value in values.items():
            setattr(self.result, name, value)
        return self.result
