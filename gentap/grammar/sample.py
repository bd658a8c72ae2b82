"""Sample questions and their answers, one cell or a sentence, from a grammar and tables."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from random import Random

from gentap.documents.csv_table import CsvFormat
from gentap.documents.rejected import RejectedRecord
from gentap.documents.table_files import TableSlice, read_tables, slice_tables
from gentap.errors import InputError
from gentap.grammar.example_writer import ExampleWriter
from gentap.grammar.parser import load_grammar
from gentap.grammar.question_table import QuestionTable
from gentap.grammar.rules import find_grammar
from gentap.grammar.sampler import QuestionSampler, SampledQuestion
from gentap.grammar.sentence_sampler import SIZE_NAMES, SampledSentence, SentenceSampler
from gentap.records import EXAMPLE_SCHEMA, Table, digest
from gentap.runs.counting import counted
from gentap.runs.runner import run_shards
from gentap.runs.shards import Shard
from gentap.runs.store import REJECTED, StageFolder, Tally, own_files
from gentap.settings.sections import LOCAL, ClusterSettings, LinearizerSettings, SampleSettings
from gentap.tables.linearize import fit_by_estimate
from gentap.tables.truncate import Fitted

QUESTIONS_A_WINDOW = 4
"""So many cell questions, and the sentences beside them, are asked of one window of a table."""


def sample(
    files: Sequence[Path],
    settings: SampleSettings,
    folder: StageFolder,
    *,
    base: str,
    linearizer: LinearizerSettings,
    seed: int,
    workers: int,
    cluster: ClusterSettings = LOCAL,
) -> Tally:
    """Sample examples for all tables of ``files`` into ``folder``.

    Tables are cut first as the model of ``base`` will see them, then asked about; without a base,
    by an estimate of their tokens. Of a table that is longer, windows of rows are asked about.

    Raises InputError where no table gives a question.
    """
    load_grammar(find_grammar(settings.grammar))
    _fit.cache_clear()  # of an earlier run in this process: grammar and base may have changed
    _maker.cache_clear()
    shards = list(
        slice_tables(
            files,
            settings.shard_tables,
            folder.work.absolute(),
            CsvFormat(settings.delimiter, settings.encoding),
        )
    )
    task = partial(_sample_shard, settings=settings, base=base, linearizer=linearizer, seed=seed)
    tally = run_shards(
        folder.path,
        shards,
        task,
        {".": EXAMPLE_SCHEMA},
        workers=workers,
        label="sample",
        cluster=cluster,
    )
    if not tally.counts["rows"]:
        reasons = ", ".join(f"{reason} ({count:,})" for reason, count in tally.rejected.items())
        raise InputError(
            f"sample: no question could be drawn from {counted(tally.counts['tables'], 'table')}: "
            f"{reasons or 'there are none'}. Details are in {own_files(folder.path) / REJECTED}."
        )
    return tally


@lru_cache(maxsize=2)
def _fit(base: str, settings: LinearizerSettings) -> Callable[[Table], Fitted]:
    """What cuts a table to the budget of the model that will see it."""
    if base:
        from gentap.model.tokenizer import load_tokenizer

        return load_tokenizer(base, settings).linearizer.fit
    return partial(fit_by_estimate, settings=settings)


@lru_cache(maxsize=2)
def _maker(grammar: str) -> QuestionSampler:
    return QuestionSampler(load_grammar(find_grammar(grammar)))


def table_random(seed: int, table_id: str) -> Random:
    """The source of all that is random about a table's questions: it depends on both alone."""
    return Random(int(digest("sample", str(seed), table_id), 16))


def _windows(
    table: Table, fit: Callable[[Table], Fitted], wanted: int, random: Callable[[], float]
) -> Iterator[tuple[Table, int]]:
    """A table as the model will see it, with how many questions to ask of it.

    One that is longer gives another window of rows for each few questions, anywhere in it: what is
    asked of its first rows alone teaches a model to name the first rows.
    """
    first = fit(table).table
    hidden = len(table.rows) - len(first.rows)
    if not first.rows or not hidden:
        yield first, wanted
        return
    for asked in range(0, wanted, QUESTIONS_A_WINDOW):
        middle = int(random() * len(table.rows))
        start = min(max(middle - len(first.rows) // 2, 0), hidden)
        window = fit(replace(table, rows=table.rows[start:])).table
        yield window, min(QUESTIONS_A_WINDOW, wanted - asked)


def _sample_shard(
    part: TableSlice,
    shard: Shard,
    settings: SampleSettings,
    base: str,
    linearizer: LinearizerSettings,
    seed: int,
) -> None:
    fit = _fit(base, linearizer)
    maker = _maker(settings.grammar)
    teller = SentenceSampler(maker, settings.evidence_rows, settings.unanswerable)
    share = settings.sentences
    writer = ExampleWriter(shard)
    counts: Counter[str] = Counter()
    for sourced in read_tables(part):
        if isinstance(sourced, RejectedRecord):
            shard.reject(sourced.where, sourced.reason, sourced.detail)
            continue
        shard.count("tables")
        where = f"{sourced.url}#{sourced.id}"
        with shard.record(where):
            random = table_random(seed, sourced.id).random
            asked: set[str] = set()
            missing: set[str] = set()
            shown = 0
            windows = []
            for table, wanted in _windows(sourced.table, fit, settings.per_table, random):
                askable = maker.askable(table)
                cells = list(maker.draws(askable, wanted, settings.attempts, random))
                told = round((shown + wanted) * share) - round(shown * share)
                shown += wanted
                windows.append((askable, told, cells))
            made: list[tuple[Table, list[SampledQuestion | SampledSentence]]] = [
                (askable.read.table, _not_yet(asked, cells)) for askable, _, cells in windows
            ]
            for (askable, told, _), (_, draws) in zip(windows, made, strict=True):
                # After all cells, which do not depend on them.
                sentences, missed = teller.draws(askable, told, settings.attempts, random)
                draws += _not_yet(asked, sentences)
                missing |= missed.keys()
            counts.update(f"tables without sentences of {size}" for size in missing)
            for table, draws in made:
                writer.add(sourced, table, draws)
                counts.update(_counted_as(draws))
            if len(table.rows) < len(sourced.table.rows):
                shard.count("tables cut to the budget")
            if not asked:
                shard.reject(where, _why_none(table, askable))
        writer.flush_if_full()
    writer.flush()
    for name, count in counts.items():
        shard.count(name, count)


def _not_yet(
    asked: set[str], draws: Sequence[SampledQuestion | SampledSentence]
) -> list[SampledQuestion | SampledSentence]:
    """Those whose question is not among the asked ones, which it joins."""
    fresh = [draw for draw in draws if draw.question not in asked]
    asked.update(draw.question for draw in fresh)
    return fresh


def _counted_as(draws: Sequence[SampledQuestion | SampledSentence]) -> Iterator[str]:
    """What each draw is counted as: an example, of its kind, a sentence by its evidence's rows."""
    for draw in draws:
        yield "examples"
        yield f"examples of kind {draw.kind}"
        if isinstance(draw, SampledSentence):
            rows = len({cell.row for cell in draw.evidence})
            yield "sentences"
            yield f"sentences of {SIZE_NAMES[min(rows, len(SIZE_NAMES) - 1)]}"


def _why_none(table: Table, askable: QuestionTable) -> str:
    """The reason's name where a table gave no question."""
    if not table.rows:
        return "no row fits the budget"
    if not askable.columns:
        return "no column with a name of its own"
    if not any(map(any, askable.read.filled)):
        return "no filled cell"
    if len(table.rows) == 1:
        return "one row, and no question fits it"
    if len(askable.columns) == 1:
        return "one column that can be named, and no question fits it"
    return "no question fits this table"
