"""Version the tables: make a migration from the models, apply it, take it back.

Migrations are Alembic's, in a folder beside the application; there is no `env.py` and no ini file.
"""

from triode.db.migrations.checking import Report
from triode.db.migrations.history import Made, Migrations, Step
from triode.db.migrations.lint import Danger
from triode.db.migrations.renames import Chooser, Question, nothing_renamed

__all__ = [
    "Chooser",
    "Danger",
    "Made",
    "Migrations",
    "Question",
    "Report",
    "Step",
    "nothing_renamed",
]
