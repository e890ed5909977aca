"""Forms that create and change what they were made from.

This room knows no database: whatever has `save()` and `update(changes)` will do.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import Any, TypeVar

from triode.errors import ClientError, TriodeError
from triode.forms.controls import FormField
from triode.forms.form import Form
from triode.forms.relations import MOST_IN_A_LIST, Relation, relations_of
from triode.schema import Changes, FieldDescription, ObjectSchema, Variant

T = TypeVar("T")


class ModelForm(Form[T]):
    """A form over a model: `ModelForm(Post)`, or a subclass of `ModelForm[Post]`.

    It shows what `Create[Post]` accepts: no automatic key, nothing read-only. A foreign key is a
    list of the other model's rows; they are read when the form is shown, or by `load` before.
    """

    def _read_schema(self) -> ObjectSchema:
        return super()._read_schema().variant(Variant.CREATE)

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """The fields that name rows of other models."""
        found = relations_of(super()._read_schema())
        return {
            name: relation
            for name, relation in found.items()
            if name in self._widgets and name not in self.choices
        }

    async def load(self) -> ModelForm[T]:
        """Read the rows that foreign keys offer, and return the form.

        Without it they are read when the form is shown, which holds the event loop meanwhile;
        that matters where the database is on another machine.
        """
        for name, relation in self.relations.items():
            if self._widgets[name].choices is None:
                self._offer(name, relation, await relation.rows())
        return self

    def __getitem__(self, name: str) -> FormField:
        relation = self.relations.get(name)
        if relation is not None and self._widgets[name].choices is None:
            self._offer(name, relation, relation.rows().run())
        return super().__getitem__(name)

    def _offer(self, name: str, relation: Relation, rows: list[Any]) -> None:
        self.set_choices(
            name,
            relation.choices(rows),
            kind="select" if len(rows) <= MOST_IN_A_LIST else "search",
        )

    async def check_stored(self, *, keys: Collection[str] = ()) -> None:
        """Add an error where a unique value is taken, or a foreign key leads nowhere.

        `keys` name objects that are being changed, and so may keep their values.
        """
        for described in self._descriptions:
            value = self.cleaned_data.get(described.name)
            if value is not None and described.name not in self.errors:
                try:
                    await self._check_field(described, value, keys)
                except ClientError:
                    # The validators let it pass and the database does not: 2**63, for instance.
                    self.add_error(described.name, "This value cannot be stored.")

    async def _check_field(
        self, described: FieldDescription, value: Any, keys: Collection[str]
    ) -> None:
        relation = self.relations.get(described.name)
        if relation is not None and not await relation.exists(value):
            self.add_error(described.name, "Please choose one of the values offered.")
        if getattr(described.info, "unique", False):
            await self._check_unique(described.name, value, keys)

    async def _check_unique(self, name: str, value: Any, keys: Collection[str]) -> None:
        model: Any = self.target_class
        taken = await model.where(**{name: value}).first()
        if taken is None or taken == self.instance or _is_one_of(taken, keys):
            return
        self.add_error(name, f"{self.label_of(name)} {str(value)!r} is taken already.")

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
        try:
            if existing is not None:
                await existing.update(Changes(self.target_class, {**self.cleaned_data, **values}))
                return existing  # type: ignore[no-any-return]
            made = self._make(values)
            await made.save()
        except ClientError as exc:
            self.add_error(exc.field, exc.message)
            raise
        return made  # type: ignore[no-any-return]

    def _make(self, values: dict[str, Any]) -> Any:
        if self.is_partial:
            return self._schema.construct({**self.cleaned_data, **values})
        for name, value in values.items():
            setattr(self.result, name, value)
        return self.result


def _is_one_of(row: Any, keys: Collection[str]) -> bool:
    return str(getattr(row, "id", None)) in keys
