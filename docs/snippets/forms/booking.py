"""Forms: anything with fields, and a check that concerns two of them."""

from dataclasses import dataclass
from datetime import date

from triode import Page, Submitted, Triode, render
from triode.forms import Form

app = Triode()


@dataclass
class Booking:
    name: str
    start: date
    end: date
    breakfast: bool = False


class BookingForm(Form[Booking]):
    labels = {"start": "First night", "end": "Last night"}
    help_texts = {"name": "As on your passport."}

    def clean(self) -> None:
        if self.cleaned_data["end"] < self.cleaned_data["start"]:
            self.add_error("end", "The last night comes before the first.")


@app.get("/book")
async def ask() -> Page:
    return render("recipe_form.html", form=BookingForm())


@app.post("/book")
async def book(form: Submitted[BookingForm]) -> Page | dict[str, str]:
    if not form.is_valid:
        return render("recipe_form.html", form=form, status_code=422)
    return {"booked for": form.result.name}
