"""Prose to sentences, and which of them are fit to be an answer."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping

from gentap.text.function_words import ENGLISH_WORDS
from gentap.text.words import WORD

_ABBREVIATIONS = frozenset(
    "vol approx no nos pp ca cf fig est ed eds op feat vs dir prod ft sq max min jan feb mar apr"
    " jun jul aug sept oct nov dec st mt gen col lt capt gov sen rep prof rev".split()
)
_FOOTNOTES = re.compile(r"\[(?:\d{1,3}|[a-z]|update|citation needed|note \d+|nb \d+)\]", re.I)
_ENDS = (".", "!", "?", '."', '!"', '?"', ".'", ".)", ".”", "!”", "?”")
_DEBRIS = re.compile(r"[|•↑→▼►▲■{}<>=]|::|\.\.\.\.|(?:\W\s?){6}")
_CAPTION = re.compile(
    r"(?:figure|fig\.|table|map|photo|image|pictured|source|note|legend|key|caption|above|below"
    r"|left|right|from left|top|bottom|clockwise)\b[^.]{0,24}:|(?:figure|fig\.|table) \d+[.:]"
    r"|\((?:left|right|above|below|pictured)\)",
    re.I,
)
REFERENCE = {
    "^": r"(?<!\d)\^",
    "://": r"https?://",
    "www.": r"\bwww\.",
    "isbn": r"\bisbn\b",
    "issn": r"\bissn\b",
    "oclc": r"\boclc\b",
    "doi:": r"\bdoi:\b",
    "pmid": r"\bpmid\b",
    "ibid": r"\bibid\b",
    "op. cit": r"\bop\. cit\b",
    "et al.": r"\bet al\.",
    "retrieved": r"\bretrieved\b",
    "accessed": r"\baccessed\b (?:on )?\w+ \d",
    "archived from": r"\barchived from\b",
    "p.": r"\bpp?\. ?\d+[–-]\d+|^pp?\. ?\d",
    "vol. ": r"\bvol\. \d+, (?:no|pp)\.",
}
"""Patterns, each under letters that it can't be found without, all in lower case."""
BOILERPLATE = {
    "rights": r"all rights reserved",
    "terms": r"terms of (?:use|service)",
    "privacy": r"privacy policy",
    "cookie": r"cookie",
    "click": r"\bclick (?:here|on|to)\b",
    "in to": r"\b(?:sign|log) ?in to\b",
    "subscribe": r"subscribe (?:to|now)",
    "newsletter": r"\bnewsletter\b",
    "javascript": r"javascript",
    "your browser": r"your browser",
    "this ": r"this (?:article|section|list|page|table)"
    r" (?:is|was|does|needs|has|may|contains|lists|shows)\b",
    "last ": r"(?:page|article) (?:was )?last (?:modified|updated|edited)",
    "you can help": r"you can help",
    "please": r"please (?:help|see)",
    "below": r"\b(?:see|listed|shown|given|described|as in the (?:table|list)) below\b",
    "the following": r"the following (?:is|are|table|list)\b",
    "list": r"\bthis is (?:a|an incomplete) list\b",
}
_MAY_END_A_NAME = ("!", "?")
_GOES_ON = re.compile(r"[a-z]+(?![^\W_])|[,;:)–—]|\(\d{4}\b")
"""What shows that a sentence goes on after ``Jeopardy!``: a word in small letters, a year."""
_CRY = re.compile(
    r"\b(?!(?:said|says?|cried|cry|cries|shout(?:s|ed)?|yell(?:s|ed)?|scream(?:s|ed)?|exclaim(?:s|ed)?)\b)"
    r"[a-z]+ (?:Ah|Goodbye|Hallelujah|Hello|Hey|Hi|Hooray|Hurrah|Oh|Oops|Wow|Whoa)!\s*$"
)
"""With a capital, and not the first word: what a name such as ``Oh! What a Night`` begins with."""
_PRONOUN = re.compile(
    r"(?:he|she|it|they|his|her|hers|its|their|theirs|this|these|those|that)\b", re.I
)


def sentence_spans(text: str, names: Collection[tuple[int, int]] = ()) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence.

    An abbreviation's full stop does not end one, nor do the signs of names such as ``Yahoo!``
    where what follows shows that it goes on, and nothing does within ``names``, the spans of names
    that are known, such as ``Mamma Mia! Here We Go Again``.
    """
    from sentencex import segment

    start = end = 0
    for piece in segment("en", text):
        end = text.index(piece, end) + len(piece)
        within = any(first < end < last for first, last in names)
        if not (within or _is_open(piece) or _ends_in_a_name(piece, text, end)):
            yield start, end
            start = end
    if start < end:
        yield start, end


def _is_open(piece: str) -> bool:
    """Whether a piece ends in an abbreviation, whose full stop ends no sentence."""
    words = piece[-12:].rsplit(None, 1)
    if not words or words[-1][-1] != ".":
        return False
    return words[-1][:-1].lstrip("(").casefold() in _ABBREVIATIONS


def _ends_in_a_name(piece: str, text: str, end: int) -> bool:
    """Whether a piece that ends at a place of the text ends in a sign that ends no sentence."""
    if not piece.rstrip().endswith(_MAY_END_A_NAME):
        return False
    return _GOES_ON.match(text, end) is not None or _CRY.search(piece) is not None


def tidy(paragraph: str) -> str:
    """A paragraph in NFC, footnote marks gone and spaces collapsed."""
    if "[" in paragraph:
        paragraph = _FOOTNOTES.sub("", paragraph)
    if not paragraph.isascii():
        paragraph = unicodedata.normalize("NFC", paragraph)
    return " ".join(paragraph.split())


def split_sentences(paragraph: str) -> Iterator[str]:
    """The sentences of a paragraph, in NFC, footnote marks gone and spaces collapsed."""
    text = tidy(paragraph)
    for start, end in sentence_spans(text):
        if sentence := text[start:end].strip():
            yield sentence


def opens_with_pronoun(sentence: str) -> bool:
    """Whether a sentence's first word stands for a name that was said before it."""
    return _PRONOUN.match(sentence.lstrip("\"'“‘(")) is not None


def rejection_reason(
    sentence: str, min_words: int, max_words: int, english: float = 0.0
) -> str | None:
    """Why a sentence can't stand as an answer, by name; None where it can.

    ``english`` is the least share of small English words among its words, rounded down.
    """
    words = WORD.findall(sentence)
    if len(words) < min_words:
        return "sentence too short"
    if len(words) > max_words:
        return "sentence too long"
    if not sentence.endswith(_ENDS):
        return "no end of sentence"
    if not (sentence[0].isupper() or sentence[0].isdigit() or sentence[0] in "\"'“‘("):
        return "no start of sentence"
    if _CAPTION.match(sentence):
        return "caption"
    lowered = sentence.lower()
    if _says(REFERENCE, lowered):
        return "reference"
    if _says(BOILERPLATE, lowered):
        return "boilerplate"
    if _DEBRIS.search(sentence):
        return "list or markup debris"
    letters = sum(map(str.isalpha, sentence)) + sum(map(str.isspace, sentence))
    if letters < 0.6 * len(sentence):
        return "mostly not letters"
    if sum(word.lower() in ENGLISH_WORDS for word in words) < int(english * len(words)):
        return "list, or another language"
    return None


def _says(patterns: Mapping[str, str], lowered: str) -> bool:
    return any(
        letters in lowered and re.search(pattern, lowered) for letters, pattern in patterns.items()
    )
