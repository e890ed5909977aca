"""A database that was used before a fork works in the parent and in the child."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.db.models import Team
from triode.db import Database

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")

# In a process of its own: this one has threads, which do not go along.
PROGRAM = """
import asyncio, os, signal, sys
from tests.db.models import Team
from triode.db import Database, transaction

database = Database(sys.argv[1])
database.make_default()
Team(name="before").save().run()
asyncio.run(Team.count().execute(database.engine.awaiting))
child = os.fork()
if not child:
    signal.alarm(20)

    async def work():
        async with transaction():
            await Team(name="awaited").save()
        return await Team.count()

    Team(name="child").save().run()
    with transaction():
        Team(name="block").save().run()
    assert asyncio.run(work()) == 4
    database.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
Team(name="after").save().run()
print(*Team.order_by("id").column(Team.name).run())
database.close()
"""


def test_database_is_used_before_and_after_a_fork(database: Database) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, database.url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (
        ["before", "child", "block", "awaited", "after"],
        "",
    )
    assert Team.count().run() == 5
