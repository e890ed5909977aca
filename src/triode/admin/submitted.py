"""What a form sent, as text: a person's typing, or anything else."""

from __future__ import annotations

from dataclasses import dataclass

from triode.forms.submitted import read_submitted
from triode.http import Call


@dataclass(frozen=True, slots=True)
class Submitted:
    """The fields of a form that was sent, every value of each."""

    data: dict[str, list[str]]

    def text(self, name: str) -> str:
        """Return the last text sent under a name, empty if there is none."""
        texts = self.texts(name)
        return texts[-1] if texts else ""

    def texts(self, name: str) -> list[str]:
        """Return every text sent under a name."""
        return self.data.get(name, [])


async def read_form(call: Call) -> Submitted:
    """Return what the form of a request sent; uploads are left out.

    Raises:
        NotAForm: the body is something else, or broken.
    """
    sent = await read_submitted(call)
    return Submitted(
        {
            name: [without_nul(value) for value in values if isinstance(value, str)]
            for name, values in sent.items()
        }
    )


def without_nul(text: str) -> str:
    """Return a text without NUL and lone surrogates; blanks and line ends stay."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()
