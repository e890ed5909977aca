import pytest

APP = """
from triode import Auth, Triode
app = Triode()
auth = Auth(app)
"""
PASSWORD = "correct horse battery"
CREATE = ("user", "create", "--email", "ada@example.org")
SHOW = """
from triode.auth import User
print([(each.email, each.name, each.is_admin) for each in User.all().run()])
"""


def test_admin_is_created(write, triode):
    write("app.py", APP)
    done = triode(*CREATE, "--admin", "--name", "Ada", "--password", PASSWORD)
    assert (done.stdout, done.stderr) == ("Created the admin ada@example.org.\n", "")
    assert triode("shell", input=SHOW).stdout == "[('ada@example.org', 'Ada', True)]\n"


def test_password_is_read_from_standard_input(write, triode):
    write("app.py", APP)
    done = triode(*CREATE, "--password-stdin", input=f"{PASSWORD}\n")
    assert (done.stdout, done.stderr) == ("Created the user ada@example.org.\n", "")


def test_admin_of_a_model_is_enough(write, triode):
    write("app.py", "from triode import Model, Triode\nclass A(Model): x: int\n")
    write("app.py", "from triode import Triode\napp = Triode()\napp.admin()\n")
    assert triode(*CREATE, "--password", PASSWORD).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--password", "short"), "The password needs at least 8 characters. [weak-password]"),
        ((), "give a password: --password-stdin reads it from standard input"),
    ],
)
def test_what_cannot_be_created_is_said(write, triode, arguments, message):
    write("app.py", APP)
    done = triode(*CREATE, *arguments)
    assert (done.returncode, done.stderr) == (2, f"triode: error: {message}\n")


def test_email_must_be_said_where_nobody_can_be_asked(write, triode):
    write("app.py", APP)
    done = triode("user", "create", "--password", PASSWORD)
    assert done.stderr == "triode: error: say whom to create: --email name@example.org\n"


def test_address_is_taken_once(write, triode):
    write("app.py", APP)
    triode(*CREATE, "--password", PASSWORD)
    done = triode(*CREATE, "--password", PASSWORD)
    expected = "triode: error: User with this email already exists. [duplicate]\n"
    assert (done.returncode, done.stderr) == (2, expected)


def test_application_without_accounts_gets_no_database(write, triode, tmp_path):
    write("app.py", "from triode import Triode\napp = Triode()\n")
    done = triode(*CREATE, "--password", PASSWORD)
    assert (done.returncode, done.stderr) == (
        2,
        "triode: error: app.py has no accounts. Add them with auth = Auth(app), "
        "or with app.admin(…)\n",
    )
    assert list(tmp_path.glob("*.db")) == []
