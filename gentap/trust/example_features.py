"""What is known of an example, as numbers that a tree can split and words can tell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from gentap.records import Example, Table
from gentap.tables.columns import ColumnReader, Language
from gentap.text.months import MONTHS
from gentap.text.normal_form import normal_forms
from gentap.text.question_words import WORD_KINDS, question_word

_SOURCE = "source "
_MOST_SOURCES = 12
_READER = ColumnReader(Language(months=MONTHS))


@dataclass(frozen=True, slots=True)
class Feature:
    """A number of each example; ``above`` and ``below`` tell its sides in words, where ``{}``
    stands for the bound. Of a feature without a bound in its words the number is 0 or 1."""

    name: str
    above: str
    below: str
    value: Callable[[Example], float]


def _has(name: str, with_it: str, without: str, holds: Callable[[Example], bool]) -> Feature:
    return Feature(name, with_it, without, lambda example: float(holds(example)))


@lru_cache(maxsize=4096)
def _kinds(table: Table) -> frozenset[str]:
    """The kinds of all columns of a table."""
    forms = (normal_forms([row[place] for row in table.rows]) for place in range(len(table.header)))
    return frozenset().union(*(_READER.read_column(column).kinds for column in forms))


def _word(kind: str) -> Feature:
    asked = f"asking '{kind}'" if kind != "none" else "without a question word"
    other = f"not asking '{kind}'" if kind != "none" else "with a question word"
    return _has(f"word {kind}", asked, other, lambda one: question_word(one.question) == kind)


def _kind(kind: str, words: str) -> Feature:
    return _has(
        f"kind {kind}", f"with {words}", f"without {words}", lambda one: kind in _kinds(one.table)
    )


FEATURES = (
    Feature(
        "rows",
        "tables over {} rows",
        "tables of at most {} rows",
        lambda one: float(len(one.table.rows)),
    ),
    Feature(
        "columns",
        "over {} columns",
        "at most {} columns",
        lambda one: float(len(one.table.header)),
    ),
    Feature(
        "evidence",
        "over {} rows of evidence",
        "at most {} rows of evidence",
        lambda one: float(len(one.evidence_rows)),
    ),
    Feature(
        "question",
        "questions over {} words",
        "questions of at most {} words",
        lambda one: float(len(one.question.split())),
    ),
    Feature(
        "answer",
        "answers over {} words",
        "answers of at most {} words",
        lambda one: float(len(one.answer.split())),
    ),
    _has("cell", "cell answers", "sentence answers", lambda one: one.kind == "cell"),
    _kind("date", "dates"),
    _kind("number", "numbers"),
    _kind("name", "names"),
    *map(_word, WORD_KINDS),
)
"""What is known of every example, whatever it comes from."""


def source_of(example: Example) -> str:
    """Where an example comes from: the host of its page, or the name of its file."""
    return urlsplit(example.source).netloc or example.source


def _source(name: str) -> Feature:
    return _has(
        f"{_SOURCE}{name}", f"from {name}", f"not from {name}", lambda one: source_of(one) == name
    )


def features_of(examples: Sequence[Example]) -> list[Feature]:
    """:data:`FEATURES`, and where examples are from where that is a few places."""
    sources = sorted(set(map(source_of, examples)))
    few = sources if 1 < len(sources) <= _MOST_SOURCES else []
    return [*FEATURES, *map(_source, few)]


def feature_named(name: str) -> Feature | None:
    """A feature by the name that it has in a file."""
    if name.startswith(_SOURCE):
        return _source(name.removeprefix(_SOURCE))
    return next((feature for feature in FEATURES if feature.name == name), None)
