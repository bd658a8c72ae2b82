"""Prose to sentences, and which of them are fit to be an answer."""

import re
import unicodedata
from collections.abc import Iterator

_OPEN_END = re.compile(
    r"(?<![^\s(])(?:vol|approx|no|nos|pp|ca|cf|fig|est|ed|eds|op|feat|vs|dir|prod|ft|sq|max|min"
    r"|jan|feb|mar|apr|jun|jul|aug|sept|oct|nov|dec|st|mt|gen|col|lt|capt|gov|sen|rep|prof|rev)\.\s*$",
    re.I,
)
_FOOTNOTES = re.compile(r"\[(?:\d{1,3}|[a-z]|update|citation needed|note \d+|nb \d+)\]", re.I)
_WORDS = re.compile(r"\w+")
_DEBRIS = re.compile(r"[|•↑→▼►{}<>]|\^|https?://|\bwww\.|\bISBN\b|\bRetrieved\b|::")
_ENDS = (".", "!", "?", '."', '!"', '?"', ".'", ".)", ".”", "!”", "?”")


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence; an abbreviation's full stop does not end one."""
    from sentencex import segment

    start = end = 0
    for piece in segment("en", text):
        end = text.index(piece, end) + len(piece)
        if not _OPEN_END.search(text, start, end):
            yield start, end
            start = end
    if start < end:
        yield start, end


def split_sentences(text: str) -> Iterator[str]:
    """The sentences of a paragraph, in NFC, footnote marks gone and spaces collapsed."""
    text = unicodedata.normalize("NFC", _FOOTNOTES.sub("", text))
    for start, end in sentence_spans(text):
        if sentence := " ".join(text[start:end].split()):
            yield sentence


def unfit(sentence: str, min_words: int, max_words: int) -> str | None:
    """Why a sentence can't stand as an answer, by name; None where it can."""
    words = len(_WORDS.findall(sentence))
    if words < min_words:
        return "sentence too short"
    if words > max_words:
        return "sentence too long"
    if not sentence.endswith(_ENDS):
        return "no end of sentence"
    if not (sentence[0].isupper() or sentence[0].isdigit() or sentence[0] in "\"'“‘("):
        return "no start of sentence"
    if _DEBRIS.search(sentence):
        return "list or markup debris"
    letters = sum(letter.isalpha() or letter.isspace() for letter in sentence)
    if letters < 0.6 * len(sentence):
        return "mostly not letters"
    return None
