"""Dependencies that are replaced by others, as tests do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from triode.binding.mistakes import check_override


class Overrides(dict[Callable[..., Any], Callable[..., Any]]):
    """Dependencies and what replaces them; a change makes the application compile anew."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed

    def __setitem__(self, key: Callable[..., Any], value: Callable[..., Any]) -> None:
        check_override(key, value)
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: Callable[..., Any]) -> None:
        super().__delitem__(key)
        self._changed()

    def clear(self) -> None:
        """Remove every override."""
        super().clear()
        self._changed()

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Add or replace several overrides."""
        given: dict[Any, Any] = dict(*args, **kwargs)
        for key, value in given.items():
            check_override(key, value)
        super().update(given)
        self._changed()

    def pop(self, *args: Any) -> Any:
        """Remove an override and return what replaced it."""
        value = super().pop(*args)
        self._changed()
        return value
