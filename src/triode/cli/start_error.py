"""What is served while the program cannot start: the mistake, until it is mended."""

from __future__ import annotations

import secrets
from html import escape
from textwrap import dedent

from triode.http import Receive, Reply, Scope, Send
from triode.http.accept import prefers_html
from triode.http.reply import raw_headers
from triode.templating.standalone import standalone_page

_TEXT = b"text/plain; charset=utf-8"
_ASK_AGAIN = (b"refresh", b"1")
_SHEET = """
.mistake { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem; display: grid; gap: 1rem; }
.mistake pre { margin: 0; padding: 1rem 1.25rem; overflow-x: auto; white-space: pre-wrap;
  overflow-wrap: anywhere; font: 0.875rem/1.6 var(--mono); border-radius: var(--radius-large); }
.mistake .said { background: var(--danger-soft); border: 1px solid var(--danger-line); }
.mistake .lines { background: var(--sunken); color: var(--ink-soft); }
"""


class StartError:
    """An ASGI application that answers everything with one mistake.

    A page that waits for the next server is told that there is something new: this.
    """

    def __init__(self, message: str, detail: str) -> None:
        self.message = message
        self.detail = detail
        self._version = secrets.token_hex(4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "http":
            await self._answer(scope, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": self._version})
            while (await receive())["type"] != "websocket.disconnect":
                pass

    async def _answer(self, scope: Scope, send: Send) -> None:
        accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
        reply = self._page() if prefers_html(accept.decode("latin-1")) else self._text()
        reply.add_header(*_ASK_AGAIN)
        headers = raw_headers(reply)
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    def _text(self) -> Reply:
        text = f"triode: error: {self.message}\n{self.detail}\n\nMend it; this page asks again.\n"
        return Reply(text.encode("utf-8", "replace"), 500, _TEXT)

    def _page(self) -> Reply:
        lines = f'<pre class="lines">{escape(dedent(self.detail))}</pre>\n' if self.detail else ""
        body = (
            '<main class="mistake">\n<h1>The application cannot start</h1>\n'
            f'<pre class="said">{escape(self.message)}</pre>\n{lines}'
            '<p class="muted">Mend it and save the file; this page asks again.</p>\n</main>'
        )
        return standalone_page("The application cannot start", body, status=500, sheet=_SHEET)
