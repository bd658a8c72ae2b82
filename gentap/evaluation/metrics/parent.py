"""PARENT: n-grams of an answer that its reference or its table entails (Dhingra et al. 2019).

With the table's words W, the share of an n-gram's words that are in W stands for the probability
w(g) that the table entails it (the paper's word overlap model). Of an answer G, its reference R and
the table's values T, for n from 1 to 4:

* precision: the mean over G's n-grams of Pr(g in R) + (1 - Pr(g in R)) w(g);
* recall of the reference: the share of R's n-grams, weighted by w(g), that G has;
* recall of the table: the mean over the values of LCS(value, G) / length of the value;
* both recalls meet in a geometric mean; the reference's share in the exponent is its own recall of
  the table (the paper's heuristic for lambda, which is one minus it).

The orders meet in geometric means, 1e-5 standing for a zero of an order above 1 and for a recall of
zero. The score is F1, example by example; of several references the one with the best F1 counts.

Precision takes every word of the table, its title, section, caption and header for W. The values to
recall are the evidence cells where they are known, else all cells, without empty ones.

The form ``totto`` is that of ToTTo's official evaluation (Parikh et al. 2020): tokens are
sacreBLEU's 13a of the lower-cased text, the table's values detokenized before; the titles of page
and section are values to recall too; a cell that says nothing in words (``-``, ``n/a``) is a value
like others; the words of the section's prose are the table's too.
"""

from collections import Counter
from collections.abc import Callable, Sequence, Set
from functools import lru_cache
from typing import Any

import numpy as np

from gentap.evaluation.metrics.moses_detokenizer import detokenize
from gentap.evaluation.metrics.statistics import Statistics, check_references, mean_statistics
from gentap.evaluation.protocols import ParentForm
from gentap.records import Cell, Table
from gentap.text.normal_form import is_placeholder, normal_form
from gentap.text.unicode_words import words_and_signs

PARENT_ORDERS = 4
SMOOTHING = 1e-5
PARENT = ("parent", "parent_precision", "parent_recall")

Counts = list[Counter[tuple[str, ...]]]


def parent_statistics(
    predictions: Sequence[str],
    references: Sequence[Sequence[str]],
    tables: Sequence[Table],
    evidence: Sequence[Sequence[Cell]],
    *,
    form: ParentForm = "paper",
    beside: Sequence[str] = (),
) -> dict[str, Statistics]:
    """F1, entailed precision and entailed recall.

    ``beside`` is for each table prose whose words count as the table's.
    """
    check_references(predictions, references)
    scores = [
        max(parent(said, reference, table, cells, form=form, beside=prose) for reference in wanted)
        for said, wanted, table, cells, prose in zip(
            predictions, references, tables, evidence, beside or [""] * len(tables), strict=True
        )
    ]
    array = np.asarray(scores, dtype=np.float64).reshape(-1, len(PARENT))
    signature = (
        f"form:{form}|entailment:overlap|orders:{PARENT_ORDERS}|smooth:{SMOOTHING}|lambda:auto"
        "|refs:best"
    )

    return {name: mean_statistics(array[:, n], signature) for n, name in enumerate(PARENT)}


def parent(
    said: str,
    reference: str,
    table: Table,
    evidence: Sequence[Cell] = (),
    *,
    form: ParentForm = "paper",
    beside: str = "",
) -> tuple[float, float, float]:
    """F1, precision and recall of one answer, 0 to 1."""
    split = tokens_13a if form == "totto" else tokens
    answer, wanted = split(said), split(reference)
    words = table_words(table, _of_table if form == "totto" else split, beside)
    spoken, right = _ngrams(answer), _ngrams(wanted)
    precision = _geometric_mean(
        [_precision(spoken[n], right[n], words) for n in range(PARENT_ORDERS)], first=0.0
    )
    of_reference = _geometric_mean(
        [_recall(spoken[n], right[n], words) for n in range(PARENT_ORDERS)], first=SMOOTHING
    )
    values = _values(table, evidence, form)
    of_table = _mentioned(values, answer) or SMOOTHING
    share = _mentioned(values, wanted)
    recall = of_reference**share * of_table ** (1 - share)
    both = precision + recall
    return (2 * precision * recall / both if both else 0.0), precision, recall


def tokens(text: str) -> list[str]:
    """Words, numbers and signs in normal form."""
    return words_and_signs(normal_form(text))


def tokens_13a(text: str) -> list[str]:
    """Tokens of the lower-cased text as sacreBLEU's tokenizer 13a parts them."""
    return str(_tokenizer_13a()(text.strip().lower())).split()


def _of_table(text: str) -> list[str]:
    """Tokens of a value as the official evaluation has them: it detokenizes a table as one line in
    which bars part the values, so that no word stands alone at either end."""
    return tokens_13a(detokenize(f"|{text.strip().lower().replace('|', '-')}|")[1:-1])


@lru_cache(maxsize=1)
def _tokenizer_13a() -> Any:
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    return Tokenizer13a()  # type: ignore[no-untyped-call]


def table_words(table: Table, split: Callable[[str], list[str]], beside: str = "") -> Set[str]:
    """The words of all that a table holds, and of prose beside it."""
    texts = (table.title, table.section, table.caption, beside, *table.header)
    cells = (cell for row in table.rows for cell in row)
    return {word for text in (*texts, *cells) for word in split(text)}


def _values(table: Table, evidence: Sequence[Cell], form: ParentForm) -> list[list[str]]:
    cells = (
        [table.text_at(cell) for cell in evidence]
        if evidence
        else [cell for row in table.rows for cell in row]
    )
    if form == "totto":
        return [
            words for text in (*cells, table.title, table.section) if (words := _of_table(text))
        ]
    return [words for cell in cells if not is_placeholder(cell) and (words := tokens(cell))]


def _ngrams(words: Sequence[str]) -> Counts:
    return [Counter(zip(*(words[n:] for n in range(order)), strict=False)) for order in _LENGTHS]


_LENGTHS = range(1, PARENT_ORDERS + 1)


def _entailed(ngram: tuple[str, ...], words: Set[str]) -> float:
    return sum(word in words for word in ngram) / len(ngram)


def _precision(
    said: Counter[tuple[str, ...]], right: Counter[tuple[str, ...]], words: Set[str]
) -> float:
    total = 0.0
    for ngram, count in said.items():
        shared = min(count, right[ngram])
        total += shared + (count - shared) * _entailed(ngram, words)
    return total / said.total() if said else 0.0


def _recall(
    said: Counter[tuple[str, ...]], right: Counter[tuple[str, ...]], words: Set[str]
) -> float:
    shared = total = 0.0
    for ngram, count in right.items():
        weight = _entailed(ngram, words)
        total += count * weight
        shared += min(count, said[ngram]) * weight
    return shared / total if total else 1.0


def _geometric_mean(shares: Sequence[float], first: float) -> float:
    """``first`` stands for the whole where nothing of order 1 is right."""
    if not shares[0]:
        return first
    return float(np.exp(np.mean(np.log([share or SMOOTHING for share in shares]))))


def _mentioned(values: Sequence[Sequence[str]], words: Sequence[str]) -> float:
    """The mean share of a value's words that stand, in their order, among ``words``."""
    if not values:
        return 1.0
    return sum(_common(value, words) / len(value) for value in values) / len(values)


def _common(value: Sequence[str], words: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    places = [word for word in words if word in value]
    if len(value) == 1 or len(places) < 2:
        return min(len(places), 1)
    best = [0] * (len(value) + 1)
    for word in places:
        corner = 0
        for n, other in enumerate(value, start=1):
            corner, best[n] = best[n], corner + 1 if word == other else max(best[n], best[n - 1])
    return best[-1]
