"""Version the tables: make a migration from the models, apply it, take it back.

Migrations are Alembic's, in a folder beside the application; there is no `env.py` and no ini file.
"""

from triode.db.migrations.history import Migrations, Step

__all__ = ["Migrations", "Step"]
