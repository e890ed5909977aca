"""Accounts in scripts and handlers: make a user, change a password, log somebody in."""

from triode import Auth, Redirect, Triode, redirect
from triode.auth import Group, User, create_user, set_password

app = Triode()
auth = Auth(app)


async def set_up() -> User:
    ada = await create_user("ada@example.org", "correct horse battery", name="Ada")
    editors = await Group(name="Editors", permissions=["post.add", "post.change"]).save()
    await ada.add(User.groups, editors)
    await set_password(ada, "staple of another kind")
    return ada


@app.post("/try")
async def try_it() -> Redirect:
    guest = await create_user("guest@example.org")
    await auth.log_in(guest)
    return redirect("/")
