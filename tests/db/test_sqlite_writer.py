"""The writer's thread, where it cannot open the file."""

import pytest

from triode.db.engine.sqlite_writer import Job, Writer
from triode.db.errors import DatabaseUnavailable


def test_writer_that_cannot_connect_refuses_every_job():
    def connect():
        raise DatabaseUnavailable("The database is gone.")

    writer = Writer(connect)
    jobs = [Job(lambda connection: None, None) for _ in range(2)]
    for job in jobs:
        writer.put(job)
    for job in jobs:
        with pytest.raises(DatabaseUnavailable, match="gone"):
            job.future.result(timeout=5)
    writer.close()
