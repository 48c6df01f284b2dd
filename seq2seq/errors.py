"""The one exception that means: the user can mend this."""


class UserError(Exception):
    """A mistake in what the user gave. Its message is one line: what is wrong, where, and the way out."""
