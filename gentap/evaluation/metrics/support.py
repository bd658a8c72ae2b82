"""How many of an answer's numbers and names the table or the question supports.

A *number* is a run of digits of any script with its separators (``1,200.5``). It is supported
where one of equal value stands in the table, its title, section, caption or header, or in the
question; the words zero to twelve count as numbers there, not in the answer. A sum that the answer
makes itself is not supported.

A *name* is a capitalised word. The answer's first word is one only where a further capitalised word
follows it, and common words are none. It is supported where the same word stands there, in any
case, a possessive's ending aside. Scripts without capitals have no names here: of their texts the
numbers alone count.

The score is the share over all answers together, so that long answers weigh more.
"""

import re
from collections.abc import Sequence

import numpy as np

from gentap.evaluation.metrics.statistics import Statistics, ratio_statistics
from gentap.records import Table
from gentap.text.function_words import CAPITALISED_WORDS
from gentap.text.normal_form import normal_form
from gentap.text.unicode_words import words as words_of

_NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_SEPARATORS = str.maketrans("٬٫，．", ",.,.")
_SMALL = {
    word: float(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}


def support_statistics(
    predictions: Sequence[str], questions: Sequence[str], tables: Sequence[Table]
) -> dict[str, Statistics]:
    """``supported``; an example without a number or name in its answer does not count."""
    rows = [
        support(said, question, table)
        for said, question, table in zip(predictions, questions, tables, strict=True)
    ]
    array = np.asarray(rows, dtype=np.float64).reshape(-1, 2)
    return {"supported": ratio_statistics(array, "numbers+names|source:table+question|micro")}


def support(said: str, question: str, table: Table) -> tuple[int, int]:
    """How many numbers and names of an answer are supported, and how many there are."""
    numbers, names = numbers_of(said), capitalised_names(said)
    if not numbers and not names:
        return 0, 0
    cells = (cell for row in table.rows for cell in row)
    context = (question, table.title, table.section, table.caption)
    source = " \n ".join((*context, *table.header, *cells))
    words = {_bare(word) for word in words_of(source)}
    known = set(numbers_of(source)) | {_SMALL[word] for word in words & _SMALL.keys()}
    words |= {part for word in words for part in word.split("-")}
    supported = sum(number in known for number in numbers)
    supported += sum(
        _bare(name) in words or all(part in words for part in _bare(name).split("-"))
        for name in names
    )
    return supported, len(numbers) + len(names)


def numbers_of(text: str) -> list[float]:
    return [
        float(digits.replace(",", "")) for digits in _NUMBER.findall(text.translate(_SEPARATORS))
    ]


def capitalised_names(text: str) -> list[str]:
    """The capitalised words of an answer that are names."""
    words = words_of(text)
    names = [
        (place, word)
        for place, word in enumerate(words)
        if word[0].isupper() and word.casefold() not in CAPITALISED_WORDS
    ]
    if names and names[0][0] == 0 and not (len(words) > 1 and words[1][0].isupper()):
        del names[0]
    return [word for _, word in names]


def _bare(word: str) -> str:
    """A word in normal form without a possessive's ending."""
    form = normal_form(word)
    return form.removesuffix("'s").removesuffix("'")
