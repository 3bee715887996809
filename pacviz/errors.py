"""The one exception that a user is meant to read: a sentence saying what was given, what is allowed and what to do."""


class PacvizError(ValueError):
    """A wrong input or an unusable environment; the message is one complete sentence for the user."""
