"""PROJECT_NAME: `triode user create --admin` makes an admin, `triode dev` starts it."""

from datetime import datetime

from triode import (
    Auth,
    Field,
    Model,
    ModelForm,
    Page,
    Redirect,
    Submitted,
    Triode,
    desc,
    flash,
    login_required,
    redirect,
    render,
    url_for,
    utcnow,
)

app = Triode(title="PROJECT_NAME")
auth = Auth(app)


class Post(Model):
    title: str = Field(max_length=200)
    text: str
    created: datetime = Field(default_factory=utcnow, read_only=True)

    def __str__(self) -> str:
        return self.title


@app.get("/", include_in_schema=False)
async def home() -> Page:
    return render("home.html", posts=await Post.where().order_by(desc(Post.created)).limit(20))


@app.get("/posts/new", include_in_schema=False)
@login_required
async def new_post() -> Page:
    return render("new_post.html", form=ModelForm(Post))


@app.post("/posts/new", include_in_schema=False)
@login_required
async def save_post(form: Submitted[ModelForm[Post]]) -> Page | Redirect:
    if not form.is_valid:
        return render("new_post.html", form=form, status_code=422)
    await form.save()
    flash("Your post is online.")
    return redirect(url_for("home"))


app.admin(Post)
