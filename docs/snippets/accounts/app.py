"""Accounts: who is asking, and who may do what."""

from triode import Auth, CurrentUser, OptionalUser, Triode, login_required

app = Triode(title="Night Kitchen")
auth = Auth(app)


@app.get("/")
async def home(user: OptionalUser) -> str:
    return f"Hello, {user}" if user else "Hello, stranger"


@app.get("/me")
async def me(user: CurrentUser) -> dict[str, str]:
    return {"email": user.email}


@app.get("/recipes/secret")
@login_required(permission="recipe.view")
async def secret_recipe() -> str:
    return "One more spoon of butter."
