"""The one exception that a user is meant to read: a sentence saying what was given, what is allowed and what to do."""

MOST_SHOWN = 40
"""Characters of a value from outside that a sentence repeats."""


class PacvizError(ValueError):
    """A wrong input or an unusable environment; the message is one complete sentence for the user."""


def quoted(value: object) -> str:
    """A value from outside as a sentence repeats it: quoted, control characters escaped, at most MOST_SHOWN characters."""
    if isinstance(value, int) and value.bit_length() > 4 * MOST_SHOWN:
        return "a number of very many digits"
    text = repr(value[: MOST_SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 2]}…{text[0] if isinstance(value, str) else ''}"
