"""What a script would lock, lose or fail on."""

from __future__ import annotations

from pathlib import Path

import pytest

from triode.db.migrations.lint import find_dangers

SCRIPT = """
def upgrade() -> None:
    {line}

def downgrade() -> None:
    op.drop_table("book")
"""


def told(folder: Path, line: str, dialect: str = "postgresql") -> list[str]:
    path = folder / "script.py"
    path.write_text(SCRIPT.format(line=line))
    return [danger.what for danger in find_dangers(path, dialect)]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("op.drop_table('book')", "drops the table book with all its rows."),
        ("op.drop_column('book', 'title')", "drops book.title with what it holds."),
        (
            "op.add_column('book', sa.Column('n', sa.Integer(), nullable=False))",
            "adds book.n, which may not be empty, without a default: it fails where rows exist.",
        ),
        (
            "op.create_index('book_title_idx', 'book', ['title'])",
            "makes the index book_title_idx: nobody writes to book meanwhile.",
        ),
        (
            "op.create_unique_constraint('book_title_key', 'book', ['title'])",
            "makes book_title_key unique in book: it fails where values repeat.",
        ),
        (
            "op.create_index('book_title_idx', 'book', ['title'], unique=True)",
            "makes book_title_idx unique in book: it fails where values repeat.",
        ),
        (
            "op.alter_column('book', 'n', type_=sa.Text())",
            "changes the type of book.n: every row is written anew, nobody else writes meanwhile, "
            "and a value that does not fit makes it fail.",
        ),
        (
            "op.alter_column('book', 'n', nullable=False)",
            "forbids empty values in book.n: it fails where there are any, and reads the whole "
            "table under a lock.",
        ),
        (
            "steps.rename_column('book', 'n', 'm')",
            "renames book.n: the version of the program that still runs fails on the old name.",
        ),
        (
            "op.create_foreign_key('fk', 'book', 'author', ['a'], ['id'])",
            "adds the constraint fk to book: it fails where rows break it, and reads the whole "
            "table under a lock.",
        ),
        (
            "op.add_column('book', sa.Column('n', sa.Text(), server_default=sa.text('f()')))",
            "adds book.n with a computed default: PostgreSQL writes every row anew, and nobody "
            "reads meanwhile, if the function is volatile.",
        ),
        (
            "op.drop_index('i', table_name='book')",
            "drops the index i: nobody uses its table while it waits for its turn and does so.",
        ),
        (
            "op.create_index('i', 'book', ['n'], postgresql_concurrently=True)",
            "touches the index i concurrently inside of a transaction: PostgreSQL refuses that.",
        ),
        (
            "op.create_primary_key('k', 'book', ['n'])",
            "makes the primary key k: it fails where values repeat, and nobody reads or writes "
            "meanwhile.",
        ),
        (
            "op.add_column('book', sa.Column('n', sa.Integer(), sa.Computed('m + 1')))",
            "adds book.n, which the database computes: every row is written anew, and nobody reads "
            "or writes meanwhile.",
        ),
        (
            "op.execute('DROP TABLE book')",
            "runs SQL that loses rows: DROP TABLE book.",
        ),
        (
            "op.execute(sa.text('UPDATE book SET n = 1'))",
            "runs SQL that changes every row of a table at once, in one transaction: UPDATE book "
            "SET n = 1.",
        ),
        (
            "op.execute('CREATE INDEX i ON book (n)')",
            "runs SQL that keeps others from writing while an index is made or dropped: CREATE "
            "INDEX i ON book (n).",
        ),
        (
            "op.execute('ALTER TABLE book ADD CONSTRAINT c CHECK (n > 0)')",
            "runs SQL that reads the whole table under a lock: ALTER TABLE book ADD CONSTRAINT c "
            "CHECK (n > 0).",
        ),
        (
            "op.add_column('book', sa.Column('n', sa.Text(), nullable=True)); steps.run(x)",
            "changes rows in the transaction that altered a table: nobody uses that table until "
            "all is done.",
        ),
    ],
)
def test_danger_is_named(tmp_path: Path, line: str, what: str) -> None:
    assert told(tmp_path, line) == [what]


@pytest.mark.parametrize(
    "line",
    [
        "op.add_column('book', sa.Column('n', sa.Integer(), nullable=True))",
        "op.add_column('book', sa.Column('n', sa.Text(), server_default=sa.text(\"'new'\")))",
        "with op.get_context().autocommit_block(): op.create_index('i', 'book', ['n'], "
        "postgresql_concurrently=True)",
        "with op.get_context().autocommit_block(): "
        "op.drop_index('i', postgresql_concurrently=True)",
        "op.execute('UPDATE book SET n = 1 WHERE n IS NULL')",
        "op.execute('ALTER TABLE book ADD CONSTRAINT c CHECK (n > 0) NOT VALID')",
        "op.drop_column('book', 'n')  # safe: nothing has used it since May",
        "op.create_table('book'); op.create_index('i', 'book', ['n'])",
        "steps.run(steps.table('book').delete())",
    ],
)
def test_what_is_safe_is_not_named(tmp_path: Path, line: str) -> None:
    assert told(tmp_path, line) == []


def test_batches_are_read(tmp_path: Path) -> None:
    line = "with op.batch_alter_table('book') as batch_op: batch_op.drop_column('title')"
    assert told(tmp_path, line, "sqlite") == ["drops book.title with what it holds."]


def test_index_is_no_danger_to_others_on_sqlite(tmp_path: Path) -> None:
    assert told(tmp_path, "op.create_index('i', 'book', ['n'])", "sqlite") == []
