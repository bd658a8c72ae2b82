"""Documents to tables, prose, and the sentences that name two cells of a table row.

Three steps, each a task a shard: shards of documents are mined; the keys of all their sentences
are judged in ranges (:mod:`gentap.mining.near_duplicates`); each shard's sentences are written less
those that repeat another.
"""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gentap.documents.input_files import expand_inputs, size_of
from gentap.documents.pages import NO_TABLE, Wanted
from gentap.documents.read import DOCUMENT_SUFFIXES, read_documents
from gentap.documents.rejected import RejectedRecord
from gentap.errors import InputError
from gentap.mining import near_duplicates
from gentap.mining.decontaminate import Exclusions, check_exclusions, load_exclusions
from gentap.mining.further_rows import further_rows
from gentap.mining.joined_sentences import FoundSentence, join_neighbours
from gentap.mining.matching import PageMatcher
from gentap.mining.sentence_store import (
    CANDIDATE_SCHEMA,
    CANDIDATES,
    keep_sentences,
    write_candidate,
)
from gentap.mining.surface_forms import FormNormalizer, Rules
from gentap.records import (
    DOCUMENT_SCHEMA,
    MINED_SCHEMA,
    TABLE_SCHEMA,
    Document,
    Mined,
    SourcedTable,
    Table,
    digest,
    sourced_table_to_row,
    table_digest,
)
from gentap.runs.counting import counted
from gentap.runs.runner import run_shards
from gentap.runs.shards import Shard
from gentap.runs.store import REJECTED, StageFolder, Tally, own_files
from gentap.settings.sections import LOCAL, ClusterSettings, MineSettings
from gentap.text.sentences import opens_with_pronoun, rejection_reason, tidy

_PROSE = re.compile(r"(?:^|[.!?])[^.!?\w]*\w[^.!?]++(?<=\w)[.!?]")
"""Two letters and a stop; anchored, so that its time is linear."""
_FEW_KEYS = 200_000
"""So many sentences are judged and written faster than worker processes start."""


def find_inputs(settings: MineSettings) -> list[Path]:
    """The files to mine; they and the evaluation sets are checked before any work.

    Raises InputError where there are none, or where one of them is missing.
    """
    if not settings.inputs:
        raise InputError("mine: nothing to mine. Give files, folders or globs (mine.inputs).")
    check_exclusions(settings.exclude)
    return expand_inputs(settings.inputs, DOCUMENT_SUFFIXES, with_odd=True)


def mine(
    settings: MineSettings,
    folder: StageFolder,
    workers: int,
    cluster: ClusterSettings = LOCAL,
) -> Tally:
    """Mine all inputs into ``folder``: its ``documents``, ``tables`` and ``sentences``.

    Raises InputError, with what was set aside in ``rejected.jsonl``, where no table was found.
    """
    shards = plan_mining_shards(find_inputs(settings), settings.shard_bytes)
    outputs = {"documents": DOCUMENT_SCHEMA, "tables": TABLE_SCHEMA, CANDIDATES: CANDIDATE_SCHEMA}
    keys = folder.work.absolute() / "keys"
    task = partial(_mine_shard, settings=settings, keys=keys)
    tally = run_shards(
        folder.path, shards, task, outputs, workers=workers, label="mine", cluster=cluster
    )
    if not tally.counts["tables"]:
        reasons = ", ".join(f"{name}: {count}" for name, count in sorted(tally.rejected.items()))
        raise InputError(
            f"mine: no data table in {counted(tally.counts['pages read'], 'page')}"
            f"{' (' + reasons + ')' if reasons else ''}. Records set aside are listed in "
            f"{own_files(folder.path) / REJECTED}."
        )
    found = near_duplicates.count_keys(keys)
    workers = workers if found > _FEW_KEYS else 1
    parts = 1 + found // near_duplicates.KEYS_A_RANGE
    judge = partial(_judge, parts=parts, keys=keys, similar=settings.similar_sentence)
    run_shards(
        folder.path, range(parts), judge, {}, workers=workers, label="duplicates", step="judge"
    )
    return run_shards(
        folder.path,
        range(len(shards)),
        partial(keep_sentences, keys=keys),
        {"sentences": MINED_SCHEMA},
        workers=workers,
        label="sentences",
        step="keep",
    )


def plan_mining_shards(files: Sequence[Path], shard_bytes: int) -> list[list[Path]]:
    """Files to shards: neighbours together up to a size, so that it depends on them alone."""
    shards: list[list[Path]] = []
    room = 0
    for file in files:
        size = size_of(file)
        if not shards or size > room:
            shards.append([])
            room = shard_bytes
        shards[-1].append(file)
        room -= size
    return shards


def _mine_shard(files: Sequence[Path], shard: Shard, settings: MineSettings, keys: Path) -> None:
    exclusions = load_exclusions(
        tuple(settings.exclude), settings.similar_table, settings.answer_words
    )
    former = FormNormalizer(Rules(settings.numbers, settings.dates, settings.names))
    signatures = near_duplicates.Signatures(shard.index)
    wanted = Wanted(settings.infoboxes, settings.tableless)
    for file in files:
        for document in read_documents(file, settings.fields, wanted):
            if isinstance(document, RejectedRecord):
                shard.reject(document.where, document.reason, document.detail)
                if document.reason == NO_TABLE:
                    shard.count("pages read")
                continue
            shard.count("pages read")
            written: list[near_duplicates.Said] = []
            with shard.record(document.url):
                found = list(_mine_document(document, shard, settings, former, exclusions))
                for mined, table in found:
                    write_candidate(shard, mined, table)
                written = [
                    near_duplicates.said_by(one.sentence, _values_named(one), _rank(one))
                    for one, _ in found
                ]
            for said in written:
                signatures.add(said)
    signatures.save(keys)


def _mine_document(
    document: Document,
    shard: Shard,
    settings: MineSettings,
    former: FormNormalizer,
    exclusions: Exclusions,
) -> Iterator[tuple[Mined, int]]:
    """Write a page's tables and prose; yields its sentences, each with its table's place."""
    if exclusions.holds_page(document):
        shard.reject(document.url, "page of an evaluation set", document.title)
        return
    first = shard.tally.counts["tables"]
    tables = []
    identities = []
    for table in document.tables:
        if exclusions.holds_table(table):
            shard.reject(document.url, "table of an evaluation set", table.caption or table.section)
            continue
        identity = digest(document.url, table_digest(table))
        tables.append(table)
        identities.append(identity)
        sourced = SourcedTable(id=identity, url=document.url, table=table)
        shard.write("tables", sourced_table_to_row(sourced))
    if not tables and not settings.tableless:
        shard.reject(document.url, NO_TABLE, document.title)
        return
    blocks = [block.text for block in document.blocks if _PROSE.search(block.text)]
    blocks = [text for text in blocks if not exclusions.holds_answer(text)]
    if blocks:
        row: dict[str, Any] = {"url": document.url, "title": document.title, "blocks": blocks}
        shard.write("documents", row)
    if not tables:
        return
    found = _sentences(document, tables, identities, shard, settings, former, exclusions)
    if settings.join:
        found = join_neighbours(
            found,
            lambda text: (
                len(text.split()) <= settings.max_words and not exclusions.holds_answer(text)
            ),
        )
    for one in found:
        yield one.mined, first + one.table


def _sentences(
    document: Document,
    tables: Sequence[Table],
    identities: Sequence[str],
    shard: Shard,
    settings: MineSettings,
    former: FormNormalizer,
    exclusions: Exclusions,
) -> Iterator[FoundSentence]:
    paragraphs = [tidy(block.text) for block in document.blocks]
    shard.count("paragraphs read", len(paragraphs))
    matcher = PageMatcher(tables, former)
    for candidate in matcher.candidates(paragraphs):
        sentence, match = candidate.sentence, candidate.match
        shard.count("sentences that name two cells")
        pronoun = opens_with_pronoun(sentence)
        reason = rejection_reason(
            sentence, settings.min_words, settings.max_words, settings.english
        )
        if reason is None and match is None:
            reason = "too little of a row"
        if reason is None and match and match.probability < settings.row_probability:
            reason = "unlikely to state its row"
        if reason is None and pronoun and settings.pronouns == "drop":
            reason = "opens with a pronoun"
        if reason is None and exclusions.holds_answer(sentence):
            reason = "answer of an evaluation set"
        if reason is not None or match is None:
            shard.reject(document.url, reason or "", sentence)
            continue
        table = tables[match.table]
        further = further_rows(candidate.matches, sentence, table, settings.row_probability)
        identity = identities[match.table]
        mined = Mined(
            id=digest(identity, sentence),
            sentence=sentence,
            url=document.url,
            table=table,
            row=match.row,
            cells=match.cells,
            further=further,
            heading=document.blocks[candidate.paragraph].section,
            pronoun=pronoun,
            probability=match.probability,
        )
        yield FoundSentence(mined, match.table, identity, candidate.paragraph, candidate.place)


def _values_named(mined: Mined) -> list[str]:
    spans = {(cell.start, cell.end) for cell in mined.evidence}
    return [mined.sentence[start:end] for start, end in spans]


def _rank(mined: Mined) -> int:
    """Of equal sentences the one likeliest to state its row stays, then the least id."""
    return round((1 - mined.probability) * 0xFFFFFF) << 40 | int(mined.id, 16) >> 24


def _judge(part: int, shard: Shard, parts: int, keys: Path, similar: float) -> None:
    near_duplicates.find_repeats(keys, part, parts, similar)
