"""The argument that names an application, the same for every command."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from cyclopts import Parameter

Target: TypeAlias = Annotated[str, Parameter(show_default=False)]

Named: TypeAlias = Annotated[str, Parameter(name="--database", show_default=False)]
"""The option that names one of the application's databases."""
