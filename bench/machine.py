"""What the figures were measured on, and how much of a core others used meanwhile."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# An unoptimised build runs Python code up to twice as slowly, and servers in C or Rust as ever.
BUILD = """
import platform, sys, sysconfig
options = sysconfig.get_config_var("CONFIG_ARGS") or ""
# Distributions build with profile data in ways of their own, which the options do not show.
optimised = "--enable-optimizations" in options or sys.base_prefix == "/usr"
print(platform.python_version() + ("" if optimised else " (not an optimised build)"))
"""


@dataclass(frozen=True)
class Machine:
    """Everything a reader needs to judge a figure, besides the versions of the peers."""

    date: str
    processor: str
    cores: int
    kernel: str
    python: str
    load: float

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.date}, {self.processor}, {self.cores} cores, Linux {self.kernel}, "
            f"Python {self.python}, load {self.load:.2f} before the run"
        )


def this_machine(python: Path) -> Machine:
    """Describe the machine; `python` is the one the peers run on."""
    asked = subprocess.run([str(python), "-c", BUILD], capture_output=True, text=True, check=True)
    return Machine(
        date=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        processor=processor(),
        cores=os.cpu_count() or 1,
        kernel=platform.release(),
        python=asked.stdout.strip(),
        load=os.getloadavg()[0],
    )


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def busy_seconds(core: int) -> float:
    """Return how long a core has run programs (not interrupts, not idle) since it booted."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            user, nice, system = (int(field) for field in fields[:3])
            return (user + nice + system) / TICKS
    raise ValueError(f"this machine has no core {core}")
