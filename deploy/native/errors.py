"""The one error of this package: a sentence that says what is wrong and what to do about it."""


class NativeError(Exception):
    """Something a person must change: a taken port, a missing program, a server that will not start."""
