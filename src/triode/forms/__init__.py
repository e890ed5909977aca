"""Forms: HTML controls from the description of a class, and what a browser sends back."""

from triode.forms.controls import FormField
from triode.forms.form import Form
from triode.forms.model_form import ModelForm
from triode.forms.submitted import NotAForm, Submitted, read_submitted
from triode.forms.widgets import Widget, label_of, widget_of

__all__ = [
    "Form",
    "FormField",
    "ModelForm",
    "NotAForm",
    "Submitted",
    "Widget",
    "label_of",
    "read_submitted",
    "widget_of",
]
