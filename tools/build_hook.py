"""Put the documentation's files into every build; see `tools/assets.py`.

Without npm or the network the build goes on: such an installation loads them from the CDN.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]
    """Fetches the files that are missing before a build."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run before each build; `version` is "standard" or "editable"."""
        sys.path.insert(0, str(Path(self.root) / "tools"))
        import assets

        try:
            for line in assets.fetch():
                self.app.display_info(line)
        except assets.AssetsError as exc:
            self.app.display_warning(f"/docs and /redoc will load from the CDN: {exc}")
