from triode import Create, Email, Field, Model, Patch, Triode

app = Triode()


class User(Model):
    email: Email = Field(unique=True)
    age: int = Field(ge=0)
    bio: str | None = None
    password: str = Field(write_only=True)


@app.get("/users/{user_id}")
async def get_user(user_id: int) -> User:
    return await User.get(user_id)


@app.post("/users", status_code=201)
async def create_user(user: Create[User]) -> User:
    return await user.save()


@app.patch("/users/{user_id}")
async def update_user(user_id: int, changes: Patch[User]) -> User:
    return await (await User.get(user_id)).update(changes)


app.admin(User)
