"""Draw questions from a grammar over a table; the answer is one cell, and the only one."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import cast

from gentap.errors import InputError
from gentap.records import (
    EXAMPLE_SCHEMA,
    Cell,
    Example,
    SourcedTable,
    Table,
    digest,
    example_to_row,
    sourced_table_from_row,
)
from gentap.runner import run_shards
from gentap.settings import LOCAL, ClusterSettings, LinearizerSettings, SampleSettings
from gentap.shards import Shard
from gentap.store import StageFolder, Tally, count_rows, parts, read_slice
from gentap.synthesis.grammar import (
    Alternative,
    ColumnSlot,
    Grammar,
    QueryTemplate,
    Rule,
    ValueSlot,
    find_grammar,
    load_grammar,
)
from gentap.tables.linearize import Linearizer
from gentap.tables.queries import Comparison, Condition, Pick, Query, ReadTable, run
from gentap.tables.values import is_placeholder, normal_form

MAX_VALUE_CHARS = 60
MAX_HEADER_CHARS = 40
_TOTAL = re.compile(r"(grand |sub)?totals?|sum|average|mean|overall|all", re.I)
_SPACES = re.compile(r"\s+")
_WORDS = re.compile(r"\w+")


def sample(
    tables: Path,
    settings: SampleSettings,
    folder: StageFolder,
    *,
    base: str,
    linearizer: LinearizerSettings,
    seed: int,
    workers: int,
    cluster: ClusterSettings = LOCAL,
) -> Tally:
    """Sample examples for all tables of a mined folder into ``folder``.

    Tables are cut first as the model of ``base`` will see them, then asked about; without a base,
    by an estimate of their tokens.
    """
    load_grammar(find_grammar(settings.grammar))
    files = parts(tables)
    if not files:
        raise InputError(f"{tables}: holds no tables (part-*.parquet).")
    shards = [
        (file, start, start + settings.shard_tables)
        for file in files
        for start in range(0, count_rows(file), settings.shard_tables)
    ]
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
    if not tally.counts["examples"]:
        raise InputError(
            f"sample: no question could be drawn from {tally.counts['tables']:,} tables; the "
            f"reasons are counted in {folder.path / 'rejected.jsonl'}."
        )
    return tally


@lru_cache(maxsize=2)
def _linearizer(base: str, settings: LinearizerSettings) -> Linearizer:
    if base:
        from gentap.model.tokenizer import load_tokenizer

        return load_tokenizer(base, settings).linearizer
    from gentap.tables.linearize import MARKS, estimate_tokens

    return Linearizer(settings, estimate_tokens, dict.fromkeys(MARKS, 0), 0)


@lru_cache(maxsize=2)
def _grammar(name: str) -> Grammar:
    return load_grammar(find_grammar(name))


def _sample_shard(
    shard_of: tuple[Path, int, int],
    shard: Shard,
    settings: SampleSettings,
    base: str,
    linearizer: LinearizerSettings,
    seed: int,
) -> None:
    file, start, stop = shard_of
    fit = _linearizer(base, linearizer).fit
    grammar = _grammar(settings.grammar)
    for row in read_slice(file, start, stop):
        sourced = sourced_table_from_row(row)
        shard.count("tables")
        fitted = fit(sourced.table)
        if len(fitted.rows) < len(sourced.table.rows):
            shard.count("tables cut to the budget")
        drawn = 0
        for kind, example in draw_examples(sourced, fitted.table, grammar, settings, seed):
            shard.write(".", example_to_row(example))
            shard.count("examples")
            shard.count(f"examples of kind {kind}")
            drawn += 1
        if not drawn:
            shard.reject(f"{sourced.url}#{sourced.id}", "no question fits this table")


def draw_examples(
    sourced: SourcedTable, table: Table, grammar: Grammar, settings: SampleSettings, seed: int
) -> Iterator[tuple[str, Example]]:
    """Up to ``per_table`` different questions about ``table`` and the kinds they are of.

    The kinds take turns in a random order, so that none crowds out another. All draws depend on the
    seed and the table's id alone.
    """
    rng = random.Random(int(digest("sample", str(seed), sourced.id), 16))
    read = ReadTable(table)
    drawer = _Drawer(read, grammar, rng)
    kinds = grammar.questions
    order: list[Rule] = []
    asked: set[str] = set()
    for _ in range(settings.per_table * settings.attempts):
        if len(asked) == settings.per_table:
            return
        if not order:
            order = _shuffled(kinds, rng)
        rule = order.pop()
        draw = drawer.draw(rule)
        if draw is None or draw[0] in asked:
            continue
        question, cells = draw
        asked.add(question)
        answer = cells[0]
        yield (
            rule.name,
            Example(
                id=digest(sourced.id, question),
                kind="cell",
                origin="grammar",
                question=question,
                answer=table.rows[answer.row][answer.column],
                table=table,
                cells=tuple(sorted(set(cells))),
                source=sourced.url,
            ),
        )


def _shuffled(rules: Sequence[Rule], rng: random.Random) -> list[Rule]:
    """Rules in a random order, those of higher weight later with a higher chance."""
    return sorted(rules, key=lambda rule: rng.random() ** (1 / rule.weight))


class _Drawer:
    """Draws one question at a time from a table read once."""

    def __init__(self, read: ReadTable, grammar: Grammar, rng: random.Random) -> None:
        self._read, self._grammar, self._rng = read, grammar, rng
        table = read.table
        names = [normal_form(name) for name in table.header]
        self._named = [
            column
            for column, name in enumerate(names)
            if names.count(name) == 1 and _is_name(table.header[column])
        ]
        self._totals = [
            row for row, cells in enumerate(table.rows) if any(map(_TOTAL.fullmatch, cells[:2]))
        ]

    def draw(self, rule: Rule) -> tuple[str, list[Cell]] | None:
        """A question and its evidence, the answer's cell first; None where this draw fails."""
        template = rule.query
        assert template is not None
        columns = self._bind_columns(template)
        if columns is None:
            return None
        values = self._bind_values(template, columns)
        if values is None:
            return None
        query = Query(
            columns[template.select],
            tuple(
                Condition(columns[label], cast(Comparison, comparison), values[label])
                for label, comparison in template.conditions
            ),
            cast(Pick, template.pick),
            columns[template.by] if template.by is not None else None,
        )
        rows = run(query, self._read)
        if len(rows) != 1 or rows[0] in self._totals or self._takes_in_totals(query):
            return None
        answer = Cell(rows[0], query.select)
        text = self._read.table.rows[answer.row][answer.column]
        if not self._speakable(answer.row, answer.column):
            return None
        wording = self._choose(rule.alternatives)
        question = _tidy("".join(self._say(wording, columns, values)))
        if _names(question, text):
            return None
        by = [Cell(rows[0], query.by)] if query.by is not None else []
        return question, [answer, *by, *self._condition_cells(query, rows[0])]

    def _takes_in_totals(self, query: Query) -> bool:
        return bool(self._totals) and query.pick in ("largest", "smallest", "last")

    def _bind_columns(self, template: QueryTemplate) -> dict[str, int] | None:
        labels = dict.fromkeys([*(label for label, _ in template.conditions), template.select])
        if template.by is not None:
            labels.setdefault(template.by)
        columns: dict[str, int] = {}
        for label in labels:
            guard = template.guards.get(label)
            free = [
                column
                for column in self._named
                if column not in columns.values()
                and (guard is None or self._read.columns[column].type in guard)
            ]
            if not free:
                return None
            columns[label] = self._rng.choice(free)
        return columns

    def _bind_values(
        self, template: QueryTemplate, columns: Mapping[str, int]
    ) -> dict[str, str] | None:
        """All values that are equated come from one row, so that they can hold together."""
        rows = range(len(self._read.table.rows))
        shared = self._rng.choice(rows) if rows else None
        if shared is None:
            return None
        values: dict[str, str] = {}
        for label, comparison in template.conditions:
            row = shared if comparison == "is" else self._rng.choice(rows)
            if not self._speakable(row, columns[label]):
                return None
            values[label] = self._read.table.rows[row][columns[label]]
        return values

    def _speakable(self, row: int, column: int) -> bool:
        text = self._read.table.rows[row][column]
        return len(text) <= MAX_VALUE_CHARS and not text.endswith("…") and not is_placeholder(text)

    def _condition_cells(self, query: Query, answer_row: int) -> list[Cell]:
        """The cells that meet the equations, and those that comparisons name, if only one does."""
        found = answer_row + {"after": -1, "before": 1}.get(query.pick, 0)
        cells = []
        for condition in query.conditions:
            column, form = condition.column, normal_form(condition.value)
            holders = [row for row, forms in enumerate(self._read.forms) if forms[column] == form]
            if condition.comparison == "is":
                cells.append(Cell(found, column))
            elif len(holders) == 1:
                cells.append(Cell(holders[0], column))
        return cells

    def _choose(self, alternatives: Sequence[Alternative]) -> Alternative:
        weights = [alternative.weight for alternative in alternatives]
        return self._rng.choices(alternatives, weights)[0]

    def _say(
        self, wording: Alternative, columns: Mapping[str, int], values: Mapping[str, str]
    ) -> Iterator[str]:
        for part in wording.parts:
            if isinstance(part, str):
                yield part
            elif isinstance(part, ColumnSlot):
                name = self._read.table.header[columns[part.label]]
                yield _common_words(name) if self._grammar.lowercase_columns else name
            elif isinstance(part, ValueSlot):
                yield values[part.label]
            else:
                below = self._choose(self._grammar.rules[part.name].alternatives)
                yield from self._say(below, columns, values)


def _is_name(header: str) -> bool:
    return (
        not is_placeholder(header)
        and len(header) <= MAX_HEADER_CHARS
        and not header.endswith("…")
        and any(letter.isalpha() for letter in header)
    )


def _common_words(name: str) -> str:
    """``Home Team`` as ``home team``; words with inner capitals or all capitals stay."""
    return " ".join(word.lower() if word.istitle() else word for word in name.split(" "))


def _tidy(question: str) -> str:
    question = _SPACES.sub(" ", question).strip()
    return question[:1].upper() + question[1:]


def _names(question: str, answer: str) -> bool:
    """Whether the words of the answer stand in the question."""
    spoken = _WORDS.findall(normal_form(question))
    wanted = _WORDS.findall(normal_form(answer))
    starts = range(len(spoken) - len(wanted) + 1)
    return not wanted or any(spoken[start : start + len(wanted)] == wanted for start in starts)
