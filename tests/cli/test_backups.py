"""`triode db backup` and `triode db restore`."""

APP = """
from triode import Model, Triode
app = Triode()
class Book(Model):
    title: str
"""
ADD = "app.database.create_tables().run(); Book(title='a').save().run(); print(Book.count().run())"


def test_backup_is_made_and_put_back(write, triode, tmp_path):
    write("app.py", APP)
    assert triode("shell", input=ADD).stdout == "1\n"
    assert triode("db", "backup", "one.db").stdout == "Wrote one.db.\n"
    assert triode("shell", input=ADD).stdout == "2\n"
    refused = triode("db", "restore", "one.db")
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    done = triode("db", "restore", "one.db", "--yes")
    assert done.stdout.startswith("Restored one.db.\nThe database that was there before is ")
    assert triode("shell", input=ADD).stdout == "2\n"


def test_backup_of_another_version_is_refused(write, triode, tmp_path):
    write("app.py", APP)
    triode("db", "migrate", "first")
    triode("db", "upgrade")
    triode("db", "backup", "one.db")
    [made] = (tmp_path / "migrations").glob("*first.py")
    made.rename(tmp_path / "first.py")
    refused = triode("db", "restore", "one.db", "--yes")
    assert refused.returncode == 2
    assert "made by another version of it" in refused.stderr
    (tmp_path / "first.py").rename(made)
    assert triode("db", "restore", "one.db", "--yes").stdout.startswith("Restored one.db.\n")
