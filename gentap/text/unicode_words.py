"""Words of any script, for metrics: a vowel sign or an accent of its own belongs to its letter.

Python's ``\\w`` knows no combining marks, so that it breaks ``हिन्दी`` into pieces. Scripts that are
written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) are parted letter by letter
with the marks of each, as Unicode's default word boundaries part them (UAX 29).
"""

import regex

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_JOINERS = r"\u200c\u200d"
_IN_WORD = rf"[[\w\p{{M}}{_JOINERS}]--[{_UNSPACED}]]"
_LETTER = rf"[[\p{{L}}\p{{M}}{_JOINERS}]--[{_UNSPACED}]]"
_ALONE = rf"[{_UNSPACED}][\p{{M}}{_JOINERS}]*"

_TOKEN = regex.compile(rf"\d[\d.,٫٬]*\d|{_ALONE}|{_IN_WORD}+|[^\w\s]", regex.VERSION1)
_WORD = regex.compile(rf"{_ALONE}|{_LETTER}+(?:['’-]{_LETTER}+)*", regex.VERSION1)


def words_and_signs(text: str) -> list[str]:
    """Words, numbers with their separators, and every other sign by itself.

    >>> words_and_signs("1,200 हिन्दी गीत, 東京")
    ['1,200', 'हिन्दी', 'गीत', ',', '東', '京']
    """
    return list(_TOKEN.findall(text))


def words(text: str) -> list[str]:
    """Words of letters, those that an apostrophe or a hyphen joins in one."""
    return list(_WORD.findall(text))
