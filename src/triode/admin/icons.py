"""The admin's icons, drawn here: 16 by 16, one line wide, in the colour of the text.

PERF: ready-made Markup instead of macros; a list page around its rows 0.5 -> 0.3 ms.
"""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

_PATHS: Final = {
    "search": '<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
    "menu": '<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>',
    "close": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "check": '<path d="m3 8.5 3.5 3.5L13 4.5"/>',
    "up": '<path d="M8 13V3M4 7l4-4 4 4"/>',
    "down": '<path d="M8 3v10M4 9l4 4 4-4"/>',
    "chevron": '<path d="m4 6 4 4 4-4"/>',
    "left": '<path d="m10 3-5 5 5 5"/>',
    "right": '<path d="m6 3 5 5-5 5"/>',
    "trash": '<path d="M2.5 4.5h11M6.5 4.5v-2h3v2M4 4.5l.6 9h6.8l.6-9M6.75 7v4M9.25 7v4"/>',
    "exit": '<path d="M6 2.5H3v11h3M10.5 5 13.5 8l-3 3M13.5 8H6.5"/>',
    "sun": '<circle cx="8" cy="8" r="2.75"/><path d="M8 1.5v1.25M8 13.25v1.25M1.5 8h1.25'
    'M13.25 8h1.25M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9"/>',
    "moon": '<path d="M13.25 9.6A5.6 5.6 0 0 1 6.4 2.75a5.6 5.6 0 1 0 6.85 6.85Z"/>',
    "auto": '<circle cx="8" cy="8" r="5.75"/>'
    '<path d="M8 2.25v11.5A5.75 5.75 0 0 0 8 2.25Z" fill="currentColor" stroke="none"/>',
    "alert": '<circle cx="8" cy="8" r="6.25"/><path d="M8 4.75v3.75M8 11v.25"/>',
    "info": '<circle cx="8" cy="8" r="6.25"/><path d="M8 7.25v4M8 4.75V5"/>',
}
_HIDDEN: Final = 'aria-hidden="true" focusable="false"'
_LINES: Final = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'

ICONS: Final = {
    name: Markup(f'<svg class="icon" viewBox="0 0 16 16" {_LINES} stroke-width="1.6" {_HIDDEN}>')  # noqa: S704
    + Markup(f"{paths}</svg>")  # noqa: S704 - our own drawings
    for name, paths in _PATHS.items()
}

# A triode's symbol: plate, grid, and a cathode that glows.
MARK: Final = Markup(  # noqa: S704
    f'<svg class="mark" viewBox="0 0 28 28" {_LINES} stroke-width="2" {_HIDDEN}>'
    '<circle cx="14" cy="14" r="12"/><path d="M14 2v6M8 8h12"/>'
    '<path d="M2 13.5h4.5M10 13.5h3M16.5 13.5h3" stroke-width="1.8"/>'
    '<path class="filament" d="M8 22v-1.5c0-1.5 1-2 2-2h8c1 0 2 .5 2 2" stroke-width="2.4"/></svg>'
)
