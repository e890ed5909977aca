"""Forms: a model's form, from the empty page to the row."""

from triode import (
    Auth,
    Field,
    Model,
    ModelForm,
    Page,
    Redirect,
    Submitted,
    Triode,
    flash,
    redirect,
    render,
    url_for,
)

app = Triode()
auth = Auth(app)


class Recipe(Model):
    title: str = Field(max_length=80, unique=True)
    minutes: int = Field(ge=1, le=600, description="From the first knife to the table.")
    body: str = ""


@app.get("/recipes/new")
async def new_recipe() -> Page:
    return render("recipe_form.html", form=ModelForm(Recipe))


@app.post("/recipes/new")
async def save_recipe(form: Submitted[ModelForm[Recipe]]) -> Page | Redirect:
    if not form.is_valid:
        return render("recipe_form.html", form=form, status_code=422)
    recipe = await form.save()
    flash("Saved.")
    return redirect(url_for("show_recipe", id=recipe.id))


@app.get("/recipes/{id}")
async def show_recipe(id: int) -> Page:
    return render("recipe.html", recipe=await Recipe.get(id))


@app.get("/recipes/{id}/edit")
async def edit_recipe(id: int) -> Page:
    return render("recipe_form.html", form=ModelForm(Recipe, instance=await Recipe.get(id)))


@app.post("/recipes/{id}/edit")
async def change_recipe(id: int, form: Submitted[ModelForm[Recipe]]) -> Page | Redirect:
    if not form.is_valid:
        return render("recipe_form.html", form=form, status_code=422)
    await form.save(await Recipe.get(id))
    return redirect(url_for("show_recipe", id=id))
