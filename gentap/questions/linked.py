"""Linked sentences beside the mined ones: read, decontaminated, stored in their layout."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from gentap.documents.linked_sentences import read_linked
from gentap.documents.rejected import RejectedRecord
from gentap.records import MINED_SCHEMA, Mined, mined_to_row
from gentap.runs.runner import run_shards
from gentap.runs.shards import Shard
from gentap.runs.store import WORK, StageFolder
from gentap.settings.question_sections import LinkedSettings

LINKED = f"{WORK}/linked"

Excluded = Callable[[Mined], str]
"""Why a sentence must not be in the corpus; empty where it may be."""


def store_linked(
    files: Sequence[Path], settings: LinkedSettings, folder: StageFolder, excluded: Excluded
) -> Path:
    """The linked sentences of files as a folder of parts, one a file."""
    task = partial(_store_file, settings=settings, excluded=excluded)
    outputs = {LINKED: MINED_SCHEMA}
    run_shards(folder.path, files, task, outputs, workers=1, label="linked", step="linked")
    return folder.path / LINKED


def _store_file(file: Path, shard: Shard, settings: LinkedSettings, excluded: Excluded) -> None:
    for found in read_linked(file, settings):
        if isinstance(found, RejectedRecord):
            shard.reject(found.where, found.reason, found.detail)
            continue
        with shard.record(found.id):
            if reason := excluded(found):
                shard.reject(found.id, reason, found.sentence)
                continue
            shard.write(LINKED, mined_to_row(found))
            shard.count("linked sentences")
