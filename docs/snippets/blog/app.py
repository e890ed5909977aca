from triode import (
    Auth,
    CurrentUser,
    Field,
    Model,
    ModelForm,
    Page,
    Redirect,
    Submitted,
    Triode,
    flash,
    login_required,
    redirect,
    render,
    url_for,
)

app = Triode()
auth = Auth(app)


class Post(Model):
    title: str = Field(min_length=1, max_length=120)
    text: str = Field(min_length=1)


@app.get("/", include_in_schema=False)
async def home() -> Page:
    return render("home.html", posts=await Post.all())


@app.get("/posts/new", include_in_schema=False)
@login_required()
async def new_post() -> Page:
    return render("new.html", form=ModelForm(Post))


@app.post("/posts/new", include_in_schema=False)
@login_required()
async def save_post(form: Submitted[ModelForm[Post]]) -> Page | Redirect:
    if not form.is_valid:
        return render("new.html", form=form, status_code=422)
    await form.save()
    flash("Saved.")
    return redirect(url_for("home"))


@app.get("/me")
async def me(user: CurrentUser) -> dict[str, str]:
    return {"email": user.email}


app.admin(Post)
