"""Where the benchmark keeps things. All that it writes is under `.peers/`, which git ignores."""

from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
APPS = BENCH / "apps"
REQUIREMENTS = BENCH / "peers"
BUILT = BENCH / ".peers"
DATA = BUILT / "data"
LOGS = BUILT / "logs"
REPLAY = BENCH / "replay.lua"
