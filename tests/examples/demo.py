"""Run `make demo`'s program and read what it prints."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.examples.conftest import EXAMPLES, environment_for


@dataclass
class Demo:
    """A running demo, and what it printed when it was ready."""

    process: subprocess.Popen[str]
    text: str

    @property
    def url(self) -> str:
        """The address of the page, without a slash at its end."""
        return self.address("Page").rstrip("/")

    def address(self, label: str) -> str:
        """Return the address that was printed beside a label."""
        found = re.search(rf"^ *{label} +(\S+)$", self.text, re.MULTILINE)
        assert found, self.text
        return found[1]

    def end(self) -> tuple[int, str, str]:
        """Press Ctrl-C; return the exit code and what was printed since."""
        self.process.send_signal(signal.SIGINT)
        printed, errors = self.process.communicate(timeout=20)
        return self.process.returncode, printed, errors


@contextmanager
def running(database: Path) -> Iterator[Demo]:
    """Start the demo, wait until it has said everything, and end it if the test has not."""
    command = [sys.executable, str(EXAMPLES / "atlas" / "demo.py")]
    with subprocess.Popen(
        command, env=environment_for(database), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "logs you in" in line:
                break
        try:
            yield Demo(process, "".join(lines))
        finally:
            process.kill()
