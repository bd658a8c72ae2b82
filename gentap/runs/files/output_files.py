"""Files that are written so that they are there whole or not at all, and disks that are full."""

import errno
import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from gentap.errors import FolderError, GentapError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_TEXTS = ("no space left", "disk quota exceeded")


def write_text(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    aside = path.with_name(f"{path.name}.{attempt()}")
    with writing(path):
        with aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)


def write_own(path: Path, text: str, mark: str, *, overwrite: bool = False) -> None:
    """Write a file that the user named; ``mark`` stands in all that the same command writes.

    Raises FolderError where something else is there, unless that file may be overwritten.
    """
    assert mark in text
    refuse_others(path, lambda: mark.encode() in path.read_bytes(), overwrite=overwrite)
    write_text(path, text)


def refuse_others(
    path: Path,
    is_ours: Callable[[], bool],
    *,
    overwrite: bool,
    other: str = "was not written by this command",
) -> None:
    """Make a file's folder; FolderError where something stands there that is not ours, which is
    told as ``other``."""
    if path.is_dir() or (path.exists() and not path.is_file()):  # a device is nobody's to replace
        raise FolderError(f"{path}: is no file that could be written anew. Give another name.")
    with writing(path):
        if path.exists() and not overwrite and not is_ours():
            raise FolderError(
                f"{path}: {other}. Give another name, or replace it with --overwrite."
            )
        path.parent.mkdir(parents=True, exist_ok=True)


@contextmanager
def file_aside(path: Path) -> Iterator[TextIO]:
    """A file to write to, which takes its name once it is whole; nothing is left of half a one."""
    aside = path.with_name(f"{path.name}.{attempt()}")
    try:
        with writing(path):
            with aside.open("w", encoding="utf-8") as file:
                yield file
            aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def folder_aside(aside: Path, folder: Path) -> Iterator[Path]:
    """A folder to write to, whose entries go into another one once all are whole."""
    try:
        yield aside
        for entry in sorted(aside.iterdir()):
            entry.replace(folder / entry.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)  # of a full disk, half a model is no use


def attempt() -> str:
    """The end of a file's name while it is written; others may be writing it on other machines."""
    return f"{socket.gethostname()}-{os.getpid()}.tmp"


def write_json(path: Path, content: Any) -> None:
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell what can't be written, and what to do about it, as a FolderError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise FolderError(f"{path}: can't be written: {reason}. {_remedy(error)}") from error


def _remedy(error: OSError) -> str:
    if is_disk_full(error):
        return "The disk is full: free some space and run the same command again; it continues."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Choose a folder that you may write to."
    return "Mend that and run the same command again; it continues."


@contextmanager
def naming_full_disks(folder: Path) -> Iterator[None]:
    """Tell that a folder's disk is full, whatever library met that and however it says so."""
    try:
        yield
    except GentapError:
        raise
    except Exception as error:
        if is_disk_full(error):
            remedy = _remedy(OSError(errno.ENOSPC, ""))
            raise FolderError(f"{folder}: can't be written. {remedy}") from error
        raise


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says so, by its number or, as other libraries' do, in its text."""
    text = str(error).casefold()
    return getattr(error, "errno", None) in _FULL or any(phrase in text for phrase in _FULL_TEXTS)
