"""What stands under the names that a user gives: files, and things that are none."""

import glob
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from gentap.errors import InputError
from gentap.runs.files.missing_paths import no_such
from gentap.runs.store import OWN

_LOCK = "~$"
"""Begins the name of the file that Excel keeps beside a workbook while it is open."""
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISDIR, "a folder"),
)
_POINTERS = {
    b"version https://git-lfs.github.com/spec/": "a Git LFS pointer, not the file itself (run `git "
    "lfs pull` in its folder)",
    b"/annex/objects/": "a git-annex pointer, not the file itself (run `git annex get` in its "
    "folder)",
}
"""How the small files begin that stand for large ones kept elsewhere, and what they are."""
_LARGEST_POINTER = 1024


def no_file(path: Path) -> str:
    """What a path is that is no file to read, such as ``a named pipe``; empty for a file."""
    try:
        status = path.stat()
        mode = status.st_mode
        if stat.S_ISREG(mode) and status.st_size < _LARGEST_POINTER:
            return pointer(path)
    except FileNotFoundError:
        return "a link to nothing" if path.is_symlink() else "not there"
    except OSError as error:
        return "a link to itself" if path.is_symlink() else f"not to be read ({error.strerror})"
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), "")


def pointer(file: Path) -> str:
    """Which program's pointer a file is that stands for a large one; empty where it is none."""
    with file.open("rb") as stream:
        begin = stream.read(_LARGEST_POINTER)
    if len(begin) == _LARGEST_POINTER:
        return ""
    return next((kind for mark, kind in _POINTERS.items() if begin.startswith(mark)), "")


def require_file(path: Path) -> None:
    """Raise InputError unless there is a file: a pipe would be waited for, a device has no end."""
    kind = no_file(path)
    if kind == "not there":
        raise InputError(no_such(path))
    if kind:
        raise InputError(f"{path}: is {kind}. Give a file.")


def size_of(path: Path) -> int:
    """A file's bytes; 0 for what is none."""
    return 0 if no_file(path) else path.stat().st_size


def packed(suffix: str) -> tuple[str, ...]:
    """The ends of such a file's name, packed or not."""
    return (suffix, f"{suffix}.gz", f"{suffix}.zst")


def expand_inputs(
    patterns: Sequence[str], suffixes: Sequence[str], *, with_odd: bool = False
) -> list[Path]:
    """Files, folders and globs to the files they name, in the given order, each once.

    Formats are told by the ends of names, in small letters or capitals. ``with_odd`` keeps what
    folders and globs hold under such names that is no file, and folders that can't be read, for a
    reader to set aside. Raises InputError for what can't be read, where it is not kept.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern)
        if path.is_dir():
            files = _in_folder(path, suffixes)
        elif os.path.lexists(path):
            require_file(path)
            files = [path]
        else:
            matched = map(Path, sorted(glob.glob(pattern, recursive=True)))  # noqa: PTH207
            files = [
                file
                for one in matched
                for file in (_in_folder(one, suffixes) if one.is_dir() else [one])
            ]
            if not files:
                raise InputError(no_such(pattern, "file or folder"))
        for file in files:
            if not with_odd:
                require_file(file)
            if not file.is_dir() and not _has_suffix(file, suffixes):
                raise InputError(
                    f"{file}: can't tell the format of this file. Its name must end in "
                    f"{', '.join(suffixes)}."
                )
        found.update(dict.fromkeys(files))
    return list(found)


def _has_suffix(path: Path, suffixes: Sequence[str]) -> bool:
    return path.name.lower().endswith(tuple(suffixes))


def _in_folder(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """What stands in a folder and below under a name that is read, and folders that can't be.

    What GenTaP keeps for itself in a corpus's folder that lies there is no input.
    """
    unreadable: list[Path] = []

    def note(error: OSError) -> None:
        unreadable.append(Path(error.filename))

    files = [
        path
        for above, _, names in os.walk(folder, onerror=note)
        if OWN not in Path(above).relative_to(folder).parts
        for path in (Path(above, name) for name in names)
        if _has_suffix(path, suffixes) and not path.name.startswith(_LOCK)
    ]
    if folder in unreadable:
        raise InputError(f"{folder}: the folder can't be read. Choose one that you may read.")
    if all(map(no_file, files)):
        raise InputError(f"{folder}: the folder holds no file that ends in {', '.join(suffixes)}.")
    return sorted([*files, *unreadable])
