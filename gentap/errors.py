"""The errors that a user can meet. Each message says what happened, where, and what to do."""

INTERRUPTED = 130
"""The exit code of a command that was broken off by hand, as shells have it."""


class GentapError(Exception):
    """Base of all errors that GenTaP raises on purpose; the command line prints it and exits 1."""


class SettingError(GentapError):
    """A setting, recipe, grammar or command-line value is wrong; raised before any work."""


class InputError(GentapError):
    """A whole input (file, folder, model) can't be used. A bad record is rejected instead."""


class FolderError(GentapError):
    """An output folder can't be written: in use, foreign, or holding other results."""


class WorkerError(GentapError):
    """Work broke off part of the way; what was finished is kept and a rerun continues."""


def first_line(error: BaseException) -> str:
    """The first line of another library's message, as a sentence to go on from."""
    return str(error).strip().partition("\n")[0].rstrip(".") + "."
