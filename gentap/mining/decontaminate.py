"""Keep evaluation sets out of the corpus: their pages, their tables, their answers."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path

from gentap.documents.annotated.reading import read_annotated, read_questions
from gentap.documents.rejected import reasons
from gentap.records import Document, Table
from gentap.text.addresses import canonical_address
from gentap.text.normal_form import normal_form, normal_forms
from gentap.text.words import WORD

_COMMON_VALUE = 50
"""Values that more evaluation tables than this hold do not lead to candidates."""


class Exclusions:
    """What must not be in the corpus, from annotated sets."""

    def __init__(self, paths: Sequence[Path], similar_table: float, answer_words: int) -> None:
        self._similar, self._length = similar_table, answer_words
        self._urls: set[str] = set()
        self._titles: set[str] = set()
        self._tables: list[frozenset[str]] = []
        self._answers: set[tuple[str, ...]] = set()
        seen: set[frozenset[str]] = set()
        for path in paths:
            for example in read_annotated(path)[0]:
                self._urls.add(canonical_address(example.source))
                self._titles.add(normal_form(example.table.title))
                self._answers.update(_ngrams(example.answer, answer_words))
                values = _values(example.table)
                if values and values not in seen:
                    seen.add(values)
                    self._tables.append(values)
        self._urls.discard("")
        self._titles.discard("")
        postings: dict[str, list[int]] = defaultdict(list)
        for index, values in enumerate(self._tables):
            for value in sorted(values):
                postings[value].append(index)
        self._postings = {
            value: holders for value, holders in postings.items() if len(holders) <= _COMMON_VALUE
        }

    def holds_page(self, document: Document) -> bool:
        """Whether an evaluation question stands on this page, by url or title."""
        if not (self._urls or self._titles):
            return False
        return (
            canonical_address(document.url) in self._urls
            or normal_form(document.title) in self._titles
        )

    def holds_table(self, table: Table) -> bool:
        """Whether an evaluation table has nearly the same cells, in whatever order.

        Nearly: the Jaccard index of the sets of cell values is at least ``similar_table``.
        """
        if not self._tables:
            return False
        values = _values(table)
        candidates = Counter(index for value in values for index in self._postings.get(value, ()))
        return any(
            len(values & self._tables[index]) >= self._similar * len(values | self._tables[index])
            for index in candidates
        )

    def holds_answer(self, sentence: str) -> bool:
        """Whether the sentence shares ``answer_words`` words in a row with an answer."""
        if not self._answers:
            return False
        return not self._answers.isdisjoint(_ngrams(sentence, self._length))


def _values(table: Table) -> frozenset[str]:
    return frozenset(normal_forms(chain.from_iterable(table.rows))) - {""}


def _ngrams(text: str, length: int) -> list[tuple[str, ...]]:
    words = WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return [tuple(words[start : start + length]) for start in range(len(words) - length + 1)]


@lru_cache(maxsize=4)
def load_exclusions(paths: tuple[str, ...], similar_table: float, answer_words: int) -> Exclusions:
    """Exclusions read once a process."""
    return Exclusions([Path(path) for path in paths], similar_table, answer_words)


def check_exclusions(paths: Sequence[str]) -> list[str]:
    """What can't be read of evaluation sets, a line for each reason: none of it is kept out.

    Raises InputError where a whole set can't be read.
    """
    return reasons(read_questions(paths).unread)
