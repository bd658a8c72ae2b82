"""Documents to tables, prose, and the sentences that name two cells of a table row."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gentap.documents.annotated.reading import read_annotated
from gentap.documents.read import expand_inputs, read_documents
from gentap.documents.unread import Unread
from gentap.errors import InputError
from gentap.records import (
    DOCUMENT_SCHEMA,
    MINED_SCHEMA,
    TABLE_SCHEMA,
    Document,
    Mined,
    SourcedTable,
    Table,
    digest,
    mined_to_row,
    sourced_table_to_row,
    table_digest,
)
from gentap.runner import run_shards
from gentap.settings import LOCAL, ClusterSettings, MineSettings
from gentap.shards import Shard
from gentap.store import StageFolder, Tally
from gentap.synthesis.decontaminate import Exclusions, load_exclusions
from gentap.synthesis.matching import CellMatcher
from gentap.synthesis.sentences import split_sentences, unfit

OUTPUTS = {"documents": DOCUMENT_SCHEMA, "tables": TABLE_SCHEMA, "sentences": MINED_SCHEMA}
_PROSE = re.compile(r"\w[^.!?]*\w[.!?]")


def find_inputs(settings: MineSettings) -> list[Path]:
    """The files to mine; they and the evaluation sets are checked before any work."""
    if not settings.inputs:
        raise InputError("mine: nothing to mine. Give files, folders or globs (mine.inputs).")
    for path in settings.exclude:
        read_annotated(Path(path))
    return expand_inputs(settings.inputs)


def mine(
    settings: MineSettings,
    folder: StageFolder,
    workers: int,
    cluster: ClusterSettings = LOCAL,
) -> Tally:
    """Mine all inputs into ``folder``; see :data:`OUTPUTS` for what is written.

    Raises InputError, with what was set aside in ``rejected.jsonl``, where no table was found.
    """
    shards = _plan(find_inputs(settings), settings.shard_bytes)
    task = partial(_mine_shard, settings=settings)
    tally = run_shards(
        folder.path, shards, task, OUTPUTS, workers=workers, label="mine", cluster=cluster
    )
    if not tally.counts["tables"]:
        reasons = ", ".join(f"{name}: {count}" for name, count in sorted(tally.rejected.items()))
        raise InputError(
            f"mine: no data table in {tally.counts['pages read']:,} pages"
            f"{' (' + reasons + ')' if reasons else ''}. Records set aside are listed in "
            f"{folder.path / 'rejected.jsonl'}."
        )
    return tally


def _plan(files: Sequence[Path], shard_bytes: int) -> list[list[Path]]:
    """Files to shards: neighbours together up to a size, so that it depends on them alone."""
    shards: list[list[Path]] = []
    room = 0
    for file in files:
        size = file.stat().st_size
        if not shards or size > room:
            shards.append([])
            room = shard_bytes
        shards[-1].append(file)
        room -= size
    return shards


def _mine_shard(files: Sequence[Path], shard: Shard, settings: MineSettings) -> None:
    exclusions = load_exclusions(
        tuple(settings.exclude), settings.similar_table, settings.answer_words
    )
    seen: set[str] = set()
    for file in files:
        for document in read_documents(file, settings.fields, infoboxes=settings.infoboxes):
            if isinstance(document, Unread):
                shard.reject(document.where, document.reason, document.detail)
                continue
            shard.count("pages read")
            if exclusions.holds_page(document):
                shard.reject(document.url, "page of an evaluation set", document.title)
                continue
            _mine_document(document, shard, settings, exclusions, seen)


def _mine_document(
    document: Document,
    shard: Shard,
    settings: MineSettings,
    exclusions: Exclusions,
    seen: set[str],
) -> None:
    tables = []
    for table in document.tables:
        if exclusions.holds_table(table):
            shard.reject(document.url, "table of an evaluation set", table.caption or table.section)
            continue
        tables.append(table)
        identity = digest(document.url, table_digest(table))
        shard.write(
            "tables",
            sourced_table_to_row(SourcedTable(id=identity, url=document.url, table=table)),
        )
    if not tables:
        shard.reject(document.url, "page without a data table", document.title)
        return
    blocks = [block.text for block in document.blocks if _PROSE.search(block.text)]
    blocks = [text for text in blocks if not exclusions.holds_answer(text)]
    if blocks:
        row: dict[str, Any] = {"url": document.url, "title": document.title, "blocks": blocks}
        shard.write("documents", row)
    for mined in _sentences(document, tables, shard, settings, exclusions):
        key = digest(mined.sentence)
        if key in seen:
            shard.reject(document.url, "duplicate sentence", mined.sentence)
        else:
            seen.add(key)
            shard.write("sentences", mined_to_row(mined))


def _sentences(
    document: Document,
    tables: Sequence[Table],
    shard: Shard,
    settings: MineSettings,
    exclusions: Exclusions,
) -> Iterator[Mined]:
    matcher = CellMatcher(tables, settings.max_column_share)
    for block in document.blocks:
        for sentence in split_sentences(block.text):
            shard.count("sentences read")
            match = matcher.best(sentence)
            if match is None:
                continue
            shard.count("sentences that name two cells")
            reason = unfit(sentence, settings.min_words, settings.max_words)
            if reason is None and exclusions.holds_answer(sentence):
                reason = "answer of an evaluation set"
            if reason is not None:
                shard.reject(document.url, reason, sentence)
                continue
            table = tables[match.table]
            yield Mined(
                id=digest(document.url, sentence, table_digest(table)),
                sentence=sentence,
                url=document.url,
                table=table,
                row=match.row,
                cells=match.cells,
            )
