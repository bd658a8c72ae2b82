"""A stage's output folder: written aside, renamed into place, its done-marker last.

A folder holds its data (Parquet parts or a model), ``recipe.toml`` (the settings really used),
``stats.json``, ``rejected.jsonl``, ``made_from.json`` and ``done.json``. The fingerprint in
``done.json`` covers the stage's name, settings and inputs: the same work is never done twice, and
unfinished work is taken up only by the very same stage, settings and inputs.
"""

import fcntl
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gentap.errors import FolderError, InputError
from gentap.runs.files.made_from import MADE_FROM, MadeFrom, changes, look_up, read_made_from
from gentap.runs.files.missing_paths import alike_name
from gentap.runs.files.output_files import write_json, write_text
from gentap.runs.files.own_files import read_json

REJECTED = "rejected.jsonl"
OF_DEV = "of dev"
"""Under this name stats have the counts of dev by itself, which the others include."""
_DONE, _UNFINISHED, _LOCK = "done.json", "unfinished.json", ".lock"
SHARDS = ".shards"
WORK = ".work"
OWN = ".gentap"
"""Holds a corpus folder's own files: what reads folders of Parquet passes over such names."""
_CORPORA = frozenset(["mine", "sample", "write", "swap"])
_OURS = (_LOCK, _UNFINISHED, OWN, MADE_FROM)


def own_files(folder: Path) -> Path:
    """Where a stage's own files are: in a corpus below :data:`OWN`, else in the folder itself."""
    hidden = folder / OWN
    return hidden if hidden.is_dir() else folder


def made_from(
    settings: Mapping[str, Any],
    inputs: Sequence[Path],
    output: Path | None = None,
    planned: Mapping[Path, str] = MappingProxyType({}),
) -> MadeFrom:
    """What a stage's work is made from: files, and folders of earlier stages.

    What an ``output`` of such work knows of the files is used. ``planned`` are the fingerprints
    that folders will have.
    """
    before = read_made_from(own_files(output)) if output is not None else None
    finished = {path: read_marker(path).fingerprint or "" for path in inputs if is_done(path)}
    known = before.files if before else {}
    return look_up(settings, inputs, {**finished, **planned}, known)


def fingerprint(
    stage: str, settings: Mapping[str, Any], inputs: Sequence[Path], output: Path | None = None
) -> str:
    """A digest of a stage's name, settings and inputs: see :func:`made_from`."""
    return made_from(settings, inputs, output).fingerprint(stage)


def seconds_spent(folder: Path) -> float:
    """How long the work took that a folder holds, finished or not; estimated by its files' times
    where it does not say so."""
    own = own_files(folder)
    before = read_made_from(own)
    if before is not None and is_done(folder):
        return before.seconds
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != _LOCK)
    times = [path.stat().st_mtime for path in files]
    if before is not None:
        return before.seconds + max(times) - (own / MADE_FROM).stat().st_mtime
    return max(times) - min(times) if times else 0.0


def is_done(folder: Path, wanted: str | None = None) -> bool:
    """Whether the folder holds finished work (of that fingerprint, where one is given)."""
    marker = own_files(folder) / _DONE
    if not marker.exists():
        return False
    return wanted is None or read_marker(folder).fingerprint == wanted


def holds_other_work(folder: Path, wanted: str) -> bool:
    """Whether a folder holds work, finished or not, that is not of this fingerprint."""
    marker = _marker(folder)
    if marker is None:
        return False
    held = _marker_content(folder, marker.name, overwrite=True)
    return held.fingerprint != wanted and _holds_work(folder)


def is_unfinished(folder: Path) -> bool:
    return (own_files(folder) / _UNFINISHED).exists()


def is_damaged(folder: Path) -> bool:
    """Whether a folder's work is finished by a marker that can't be read."""
    try:
        is_done(folder, "")
    except InputError:
        return True
    return False


@dataclass(frozen=True, slots=True)
class Marker:
    """What ``done.json`` and ``unfinished.json`` hold."""

    stage: str
    fingerprint: str | None


def read_marker(folder: Path, name: str = _DONE) -> Marker:
    """The marker of finished work; raises InputError where it can't be read."""
    marker: Marker = read_json(own_files(folder) / name, Marker)
    return marker


@dataclass(slots=True)
class StageFolder:
    """An output folder that this process has locked and may write to."""

    path: Path
    stage: str
    fingerprint: str
    settings: Mapping[str, Any]
    resumed: bool
    replaces: str = ""
    """What has changed since other work was done here, which this takes the place of."""
    made_from: MadeFrom | None = None
    started: float = field(default_factory=time.monotonic)
    left_out: Counter[str] = field(default_factory=Counter)
    """Records set aside, by reason, once the stage is finished."""
    left_out_of_dev: Counter[str] = field(default_factory=Counter)
    """Those of them that are of dev, not of what the stage works on."""

    @property
    def work(self) -> Path:
        """Where a stage keeps what only a resumed run needs; removed after the done-marker."""
        (self.path / WORK).mkdir(exist_ok=True)
        return self.path / WORK

    def finish(self, stats: Mapping[str, Any]) -> None:
        """Write the folder's statistics and settings, then its done-marker."""
        import tomli_w

        settings = {key: value for key, value in self.settings.items() if value is not None}
        own = own_files(self.path)
        write_text(own / "recipe.toml", tomli_w.dumps({self.stage: settings}))
        write_json(own / "stats.json", dict(stats))
        if not (own / REJECTED).exists():
            write_text(own / REJECTED, "")
        for part in _parts(stats):
            self.left_out.update(part.get("rejected", {}))
            self.left_out_of_dev.update(part.get(OF_DEV, {}).get("rejected", {}))
        if self.made_from is not None:
            seconds = self.made_from.seconds + time.monotonic() - self.started
            write_json(own / MADE_FROM, replace(self.made_from, seconds=seconds).to_json())
        _open_modes(self.path)
        write_json(own / _DONE, {"stage": self.stage, "fingerprint": self.fingerprint})
        _clear_traces(self.path)


def _parts(stats: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a stage counted, and what the parts of its work did."""
    named = ((name, part) for name, part in stats.items() if isinstance(part, Mapping))
    return [stats, *(part for name, part in named if name != OF_DEV)]


def _open_modes(folder: Path) -> None:
    """Give all files the mode that the user's mask gives: some libraries write for one alone."""
    mask = os.umask(0)
    os.umask(mask)
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o666 & ~mask)


@contextmanager
def open_stage(
    path: Path,
    stage: str,
    settings: Mapping[str, Any],
    inputs: Sequence[Path],
    *,
    overwrite: bool = False,
) -> Iterator[StageFolder | None]:
    """Lock an output folder for one stage's work; yields None where that very work is done.

    Work of other settings or inputs in the folder is an error, or is removed with ``overwrite``.
    A folder that no stage has written is never touched unless it is empty.

    Raises FolderError where the folder is in use, not ours, or holds other work.
    """
    now = made_from(settings, inputs, path)
    wanted = now.fingerprint(stage)
    try:
        path.mkdir(parents=True, exist_ok=True)
        _refuse_foreign(path)
        lock = (path / _LOCK).open("w")
    except OSError as error:
        raise FolderError(f"{path}: can't be used for output: {error.strerror}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FolderError(
                f"{path}: another run is writing to this folder. Wait for it to end, or give "
                "another output folder with -o."
            ) from None
        before = read_made_from(own_files(path))
        if not (overwrite and is_damaged(path)) and is_done(path, wanted):
            _clear_traces(path)  # a kill right after the done-marker leaves them
            if before is None or before.files != now.files:  # a copy's times are its own
                seconds = before.seconds if before else 0.0
                write_json(own_files(path) / MADE_FROM, replace(now, seconds=seconds).to_json())
            yield None
            return
        held_work, spent = _holds_work(path), seconds_spent(path)
        changed = changes(before, now)
        resumed = _take_over(path, stage, wanted, changed, overwrite)
        if stage in _CORPORA:
            (path / OWN).mkdir(exist_ok=True)
        now = replace(now, seconds=spent if resumed else 0.0)
        write_json(own_files(path) / MADE_FROM, now.to_json())
        write_json(own_files(path) / _UNFINISHED, {"stage": stage, "fingerprint": wanted})
        replaces = changed if held_work and not resumed else ""
        yield StageFolder(path, stage, wanted, settings, resumed, replaces, now)


def _clear_traces(path: Path) -> None:
    for marker in own_files(path).glob(f"{_UNFINISHED}*"):
        marker.unlink()
    for scratch in (SHARDS, WORK):
        shutil.rmtree(path / scratch, ignore_errors=True)


def _marker(path: Path) -> Path | None:
    own = own_files(path)
    return next((own / name for name in (_DONE, _UNFINISHED) if (own / name).exists()), None)


def _content(path: Path) -> list[Path]:
    return [entry for entry in sorted(path.iterdir()) if not _is_ours(entry)]


def _is_ours(entry: Path) -> bool:
    return entry.name in _OURS or entry.name.startswith(f"{_UNFINISHED}.")


def _holds_work(path: Path) -> bool:
    """Whether there is more than what a stage leaves that failed before it made anything."""
    return any(
        entry.is_file() and entry.name != REJECTED and not _is_ours(entry)
        for entry in path.rglob("*")
    )


def _refuse_foreign(path: Path) -> None:
    content = _content(path)
    if content and _marker(path) is None:
        raise FolderError(
            f"{path}: holds files that GenTaP did not write (such as {content[0].name}). Give "
            "a new or empty folder with -o."
        )


def _take_over(path: Path, stage: str, wanted: str, changed: str, overwrite: bool) -> bool:
    """Clear a folder of others' work; True where unfinished work of ours is there to go on with."""
    marker = _marker(path)
    if marker is None:
        return False
    held = _marker_content(path, marker.name, overwrite)
    if marker.name == _UNFINISHED and held.fingerprint == wanted:
        for leftover in path.rglob("*.tmp"):
            leftover.unlink() if leftover.is_file() else shutil.rmtree(leftover)
        return True
    if not overwrite and _holds_work(path):
        state = "finished" if marker.name == _DONE else "unfinished"
        raise FolderError(
            f"{path}: holds {state} work of '{held.stage}' with other settings or inputs"
            f"{f': {changed}' if held.stage == stage else ''}. Give another folder with -o, or "
            "replace it with --overwrite."
        )
    own = own_files(path)
    write_json(own / _UNFINISHED, {"stage": stage, "fingerprint": None})
    (own / _DONE).unlink(missing_ok=True)
    for entry in _content(path):
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink(missing_ok=True)
    shutil.rmtree(path / OWN, ignore_errors=True)
    return False


def _marker_content(folder: Path, name: str, overwrite: bool) -> Marker:
    """A marker that can't be read belongs to work that only ``overwrite`` replaces."""
    try:
        return read_marker(folder, name)
    except InputError as error:
        if overwrite:
            return Marker("", None)
        raise FolderError(f"{error} Or replace what the folder holds with --overwrite.") from None


def require_stage(path: Path, made_by: str, purpose: str) -> None:
    """Raise unless the folder is a finished output of an earlier stage."""
    if not path.is_dir():
        raise InputError(
            f"{path}: no such folder; {purpose}.{alike_name(path)} Make it with `gentap {made_by}`."
        )
    if not is_done(path):
        state = "is unfinished: run its command again to complete it"
        if not is_unfinished(path):
            state = (
                f"is not an output folder of GenTaP; {purpose}. Make one with `gentap {made_by}`"
            )
        raise InputError(f"{path}: {state}.")


@dataclass(slots=True)
class Tally:
    """Counts of what a stage did, and of what it set aside by reason."""

    counts: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, other: Mapping[str, Mapping[str, int]]) -> None:
        self.counts.update(other["counts"])
        self.rejected.update(other["rejected"])

    def to_json(self) -> dict[str, dict[str, int]]:
        return {
            "counts": dict(sorted(self.counts.items())),
            "rejected": dict(sorted(self.rejected.items())),
        }
