"""${message}

Made ${create_date}. Read it before you apply it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from triode.db.sql import storage
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}
% if replaces:
replaces = ${repr(replaces)}
% endif


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
${functions}

def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
