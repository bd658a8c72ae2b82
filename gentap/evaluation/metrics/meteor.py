"""METEOR (Lavie and Agarwal 2007), equal to NLTK's to the last digit, and faster.

Words are aligned by equal form, then equal stem; the stems that are left, as NLTK does it, by
WordNet synonymy. With m aligned words in c
runs that are adjacent on both sides, P = m / words said, R = m / words of the reference::

    METEOR = P R / (alpha P + (1 - alpha) R) * (1 - gamma (c / m) ** beta)

with alpha 0.9, beta 3 and gamma 0.5. Stems and synonyms are looked up once a word.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from importlib.metadata import version
from itertools import pairwise
from typing import Any

from gentap.evaluation.metrics.statistics import Statistics, check_references, mean_statistics
from gentap.evaluation.metrics.wordnet import open_wordnet
from gentap.evaluation.protocols import MeteorTokens

ALPHA, BETA, GAMMA = 0.9, 3.0, 0.5

Forms = Callable[[str], Iterable[str]]
Word = tuple[int, str]
"""A word's place and its lower-cased form."""


def meteor_statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]], *, tokens: MeteorTokens
) -> dict[str, Statistics]:
    """``meteor``; of several references the best counts.

    ``tokens``: words as NLTK's word tokenizer parts them, or parted by white space alone.
    """
    check_references(predictions, references)
    open_wordnet()  # before any work
    split = _splitter(tokens)
    scores = [
        max(meteor(split(reference), split(said)) for reference in wanted)
        for said, wanted in zip(predictions, references, strict=True)
    ]
    signature = (
        f"tok:{tokens}|alpha:{ALPHA}|beta:{BETA}|gamma:{GAMMA}|stem:porter|refs:best"
        f"|wordnet:3.0|nltk:{version('nltk')}"
    )
    return {"meteor": mean_statistics(scores, signature)}


def meteor(reference: Sequence[str], said: Sequence[str]) -> float:
    """The score of one answer, 0 to 1."""
    left, right = (list(enumerate(map(str.lower, words))) for words in (said, reference))
    sizes = len(left), len(right)
    pairs: list[tuple[int, int]] = []
    left, right = _align(left, right, _itself, pairs)
    left, right = ([(place, _stem(word)) for place, word in words] for words in (left, right))
    left, right = _align(left, right, _itself, pairs)
    if left and right:
        _align(left, right, _synonyms, pairs)
    if not pairs:
        return 0.0
    pairs.sort()
    precision, recall = len(pairs) / sizes[0], len(pairs) / sizes[1]
    mean = (precision * recall) / (ALPHA * precision + (1 - ALPHA) * recall)
    runs = 1 + sum(after != (before[0] + 1, before[1] + 1) for before, after in pairwise(pairs))
    fragmentation: float = GAMMA * (runs / len(pairs)) ** BETA
    return (1 - fragmentation) * mean


def _align(
    said: list[Word], reference: list[Word], synonyms: Forms, pairs: list[tuple[int, int]]
) -> tuple[list[Word], list[Word]]:
    """Pair words from the last on, each with the last free one among its synonyms.

    Returns the words of both sides that are left.
    """
    free: dict[str, list[int]] = defaultdict(list)
    for index, (_, word) in enumerate(reference):
        free[word].append(index)
    left: list[Word] = []
    taken: set[int] = set()
    for place, word in reversed(said):
        found = [form for form in synonyms(word) if free.get(form)]
        if not found:
            left.append((place, word))
            continue
        index = free[max(found, key=lambda form: free[form][-1])].pop()
        taken.add(index)
        pairs.append((place, reference[index][0]))
    rest = [word for index, word in enumerate(reference) if index not in taken]
    return left[::-1], rest


def _itself(word: str) -> tuple[str]:
    return (word,)


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return str(_stemmer().stem(word))


@lru_cache(maxsize=200_000)
def _synonyms(word: str) -> frozenset[str]:
    """The word and the single words of all its synsets, as WordNet writes them."""
    synsets = open_wordnet().synsets(word)
    names = (name for synset in synsets for name in synset.lemma_names() if "_" not in name)
    return frozenset((*names, word))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


def _splitter(tokens: MeteorTokens) -> Callable[[str], list[str]]:
    from nltk.tokenize import NLTKWordTokenizer

    split: Callable[[str], list[str]] = NLTKWordTokenizer().tokenize
    return str.split if tokens == "spaces" else split
