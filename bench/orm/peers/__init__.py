"""One file per ORM, run in a process and an environment of its own by `bench.orm.worker`."""
