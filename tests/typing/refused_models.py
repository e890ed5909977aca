"""What a type checker must refuse in a user's program, each line with its reason."""

from triode.db import Field, Model, OneToOne, computed


class User(Model):
    email: str = Field(unique=True)
    age: int = Field(ge=0)


User(email="x")  # no age
User(email="x", age="3")  # age is no text
User(email="x", age=3, name="x")  # no such field


class Profile(Model):
    user: User = OneToOne()

    @computed
    def label(self) -> str:
        return "x"


profile = Profile(user=3)  # a user, not its key
profile.label = "y"  # computed
count: int = profile.label  # a text
