"""Problems in the words of a person who fills in a form.

The validators speak to programmers ("Input should be a valid integer, unable to parse …"). Where
a form's reader would stumble, another sentence stands here, by the problem's `type`.
"""

from __future__ import annotations

from triode.schema import Problem

_WORDS = {
    "missing": "Please fill in this field.",
    "int_parsing": "Please enter a whole number.",
    "int_from_float": "Please enter a whole number.",
    "int_type": "Please enter a whole number.",
    "float_parsing": "Please enter a number.",
    "float_type": "Please enter a number.",
    "decimal_parsing": "Please enter a number.",
    "decimal_type": "Please enter a number.",
    "bool_parsing": "Please choose yes or no.",
    "string_type": "Please enter a text.",
    "greater_than": "Please enter a number above {gt}.",
    "greater_than_equal": "Please enter {ge} or more.",
    "less_than": "Please enter a number below {lt}.",
    "less_than_equal": "Please enter {le} or less.",
    "string_too_long": "Please enter at most {max_length} characters.",
    "string_too_short": "Please enter at least {min_length} characters.",
    "string_pattern_mismatch": "This does not have the form that is asked for.",
    "literal_error": "Please choose one of the values offered.",
    "enum": "Please choose one of the values offered.",
    "uuid_parsing": "Please enter a UUID.",
    "url_parsing": "Please enter an address such as https://example.org.",
}
_BY_PREFIX = {
    "datetime_": "Please enter a date and a time.",
    "date_": "Please enter a date.",
    "time_": "Please enter a time.",
    "url_": "Please enter an address such as https://example.org.",
}


def message_of(problem: Problem) -> str:
    """Return what to tell the person about a problem."""
    kind = problem["type"]
    words = _WORDS.get(kind)
    if words is not None:
        try:
            return words.format(**problem.get("ctx", {}))
        except KeyError:
            return problem["msg"]
    for prefix, sentence in _BY_PREFIX.items():
        if kind.startswith(prefix):
            return sentence
    message = problem["msg"]
    if message.startswith("value is not a valid email address"):
        return "Please enter an email address such as name@example.org."
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
