"""Which values and words of a table a text speaks of."""

import re
from collections.abc import Iterable

from gentap.text.function_words import OVERLAP_WORDS
from gentap.text.normal_form import match_form, normal_form
from gentap.text.words import WORD

_IRREGULAR = dict(
    pair.split("/")
    for pair in (
        "won/win wrote/write written/write held/hold led/lead built/build began/begin begun/begin"
        " ran/run became/become sang/sing sung/sing left/leave lost/lose met/meet sold/sell"
        " gave/give given/give knew/know shot/shoot born/birth died/death wore/wear worn/wear"
        " spoke/speak spoken/speak fought/fight taught/teach bought/buy brought/bring caught/catch"
        " chose/choose chosen/choose drew/draw drawn/draw drove/drive flew/fly grew/grow grown/grow"
        " rose/rise spent/spend stood/stand swam/swim threw/throw thrown/throw"
    ).split()
)
"""Forms of verbs that do not begin alike, and the one that stands for them."""


def words_of(text: str) -> list[str]:
    """The words of a text in normal form, possessive endings gone."""
    return WORD.findall(re.sub(r"'s\b", "", normal_form(text)))


def content_words(text: str) -> list[str]:
    """Words that say something: no English function words and no words of questions."""
    return [word for word in words_of(text) if word not in OVERLAP_WORDS]


def stem(word: str) -> str:
    """A word's beginning, in which most forms of it agree: ``opening`` and ``opened``."""
    word = _IRREGULAR.get(word, word)
    return word if any(letter.isdigit() for letter in word) else word[:5]


def speaks_of(words: Iterable[str], text: str) -> bool:
    """Whether one of the content words of ``text`` is among the stems of ``words``."""
    stems = {stem(word) for word in words}
    return any(
        stem(word) in stems
        for word in content_words(text)
        if len(word) > 2 or any(letter.isdigit() for letter in word)
    )


def find_value(text: str, value: str) -> tuple[int, int] | None:
    """Where a text names a value, by normal form and at word boundaries; None where it doesn't."""
    wanted = normal_form(value)
    if not wanted:
        return None
    form, places = match_form(text)
    found = re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", form)
    if found is None:
        return None
    start, end = found.span()
    return (start, end) if places is None else (places[start], places[end - 1] + 1)


def names_value(text: str, value: str) -> bool:
    return find_value(text, value) is not None


def new_word_f1(answer: str, sentence: str, question: str) -> float:
    """F1 of the different content words of two texts, those of the question left out."""
    asked = set(words_of(question))
    said, wanted = (set(content_words(text)) - asked for text in (answer, sentence))
    common = len(said & wanted)
    return 2 * common / (len(said) + len(wanted)) if common else 0.0
