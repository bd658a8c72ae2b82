"""The text of a file whose encoding nobody tells, as spreadsheets write them.

Byte-order marks and UTF-8 prove themselves. What is left is short and mostly ASCII, where
detectors that count letters guess: each candidate is judged by whether its letters stand where
letters of a word can (no capital within a word, no box drawings, no signs between letters).
"""

import codecs
import unicodedata
from pathlib import Path

from gentap.errors import InputError
from gentap.runs.files.missing_paths import no_such

SINGLE_BYTE = (
    *("cp1252", "cp1250", "cp1251", "mac_roman", "cp850", "cp437", "koi8_r", "cp1253", "cp1254"),
    *("cp1255", "cp1256", "cp866"),
)
MULTI_BYTE = ("cp932", "gb18030", "euc_kr", "big5", "euc_jp")
_SAMPLE_BYTES = 200_000
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = (
    (b"PK\x03\x04", "an Excel workbook or a zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"PAR1", "a Parquet file (name it .parquet)"),
    (b"%PDF", "a PDF file"),
    (b"\x1f\x8b", "a gzip file (unpack it)"),
)


def read_delimited(path: Path, encoding: str = "", option: str = "") -> tuple[str, str]:
    """A file's text, with plain line ends, and its encoding, found out where none is given.

    Raises InputError, which names the ``option`` that an encoding is given by, where there is one.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(no_such(path)) from None
    except OSError as error:
        raise InputError(f"{path}: not a readable file: {error.strerror or error}.") from error
    for mark, what in _BINARY:
        if content.startswith(mark):
            raise InputError(f"{path}: is no text but {what}. Save the table as CSV (UTF-8).")
    name = encoding or find_encoding(content)
    try:
        text = content.decode(name) if name else ""
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(
            f"{path}: is not in the encoding {name}: {error}. {_advice('the right one', option)}"
        ) from None
    if not name or "\0" in text:
        raise InputError(f"{path}: its encoding can't be told. {_advice('it', option)}")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text, name


def _advice(what: str, option: str) -> str:
    if not option:
        return "Save the file as UTF-8."
    return f"Give {what} ({option} cp1252, say), or save the file as UTF-8."


def find_encoding(content: bytes) -> str:
    """The name of the encoding of some bytes; empty where they are no text in any."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name
    if b"\0" in content[:1000]:
        return _wide(content[:1000])
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    sample = content[:_SAMPLE_BYTES]
    if len(content) > _SAMPLE_BYTES:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    guess = _detected(sample)
    judged = [
        (
            _likeness(sample, name) + _TRUST * guess.get(name, 0.0) + _PRIOR * (name == "cp1252"),
            -place,
            name,
        )
        for place, name in enumerate((*SINGLE_BYTE, *MULTI_BYTE))
    ]
    best, _, name = max(judged)
    return name if best > -1 else ""


_PRIOR = 0.15
"""What is added for the commonest of all, which one letter alone does not outweigh."""

_TRUST = 0.6
"""What the detector's relative confidence counts beside the look of the letters."""


def _detected(content: bytes) -> dict[str, float]:
    """chardet's guesses, by Python's names, each as sure as it is beside the surest."""
    import chardet

    found: dict[str, float] = {}
    for guess in chardet.detect_all(content):
        name = _same_name(str(guess["encoding"] or "ascii"))
        if name:
            found[name] = max(found.get(name, 0.0), float(guess["confidence"]))
    surest = max(found.values(), default=1.0)
    return {name: confidence / surest for name, confidence in found.items()}


def _same_name(name: str) -> str:
    """Python's own name of an encoding, that of the larger set where one holds another."""
    try:
        name = codecs.lookup(name).name.replace("-", "_")
    except LookupError:
        return ""
    return {"iso8859_1": "cp1252", "shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030",
            "cp949": "euc_kr", "ascii": ""}.get(name, name)  # fmt: skip


def _wide(content: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, by where its NULs stand."""
    high = [content[place::4].count(0) for place in range(4)]
    quarter = max(1, len(content) // 4)
    if min(high[1:]) > 0.8 * quarter:
        return "utf-32-le"
    if min(high[:3]) > 0.8 * quarter:
        return "utf-32-be"
    odd, even = high[1] + high[3], high[0] + high[2]
    if max(odd, even) < 0.3 * len(content) / 2:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _likeness(content: bytes, encoding: str) -> float:
    """How much the letters beyond ASCII look like words', from -2 to 1, on average."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return -3.0
    if encoding in MULTI_BYTE:
        return _wide_likeness(text, encoding)
    score, count = 0.0, 0
    for place, letter in enumerate(text):
        if letter >= "\x80":
            before = text[place - 1] if place else " "
            after = text[place + 1] if place + 1 < len(text) else " "
            score += _fit(before, letter, after)
            count += 1
    return score / max(count, 1)


_COMMON = frozenset("äöüßéèêëàâçñóíáúôîïûùøåæœÄÖÜÉÀÇÑÁÓÅØ")
_RARE = frozenset("ÞþÝýÐð")
_COMMON_SIGNS = frozenset("€£°²³½¼–—’‘“”«»·•…©®™±×ºª\u00a0§µ¿¡")
_SIGNS_IN_WORDS = frozenset("’·")


def _fit(before: str, letter: str, after: str) -> float:
    """How well a sign beyond ASCII stands between its neighbours, from -2 to 1."""
    kind = unicodedata.category(letter)
    if kind[0] == "L":
        if letter.isupper() and before.isalpha() and before.islower():
            return -1.5
        return (
            _fit_latin(before, letter, after)
            if _is_latin(letter)
            else _fit_other(before, letter, after)
        )
    if letter == "\u00a0":
        return 0.2
    if letter in _COMMON_SIGNS:
        inside = before.isalpha() and after.isalpha()
        return -0.6 if inside and letter not in _SIGNS_IN_WORDS else 0.6
    name = unicodedata.name(letter, "")
    if kind == "So" or "BOX" in name or "BLOCK" in name:
        return -1.5
    return -2.0 if kind in ("Cc", "Cn", "Co") else -0.5


def _fit_latin(before: str, letter: str, after: str) -> float:
    near = [one for one in (before, after) if one.isalpha()]
    if letter.islower() and len(near) == 2 and all(map(str.isupper, near)):
        return -1.5
    if any(not _is_latin(one) for one in near):
        return -1.0
    if not near:
        return 0.1 if letter.isupper() else 0.5
    if len(near) == 2 and not any(map(str.isascii, near)):
        return -1.0  # letters with accents do not stand in rows of three
    if letter in _RARE or unicodedata.category(letter) == "Lo":
        return 0.4
    return 1.0 if letter in _COMMON else 0.7


def _fit_other(before: str, letter: str, after: str) -> float:
    near = [one for one in (before, after) if one.isalpha()]
    script = unicodedata.name(letter, "").partition(" ")[0]
    if any(one.isascii() for one in near):
        return -1.5
    return 0.9 if any(unicodedata.name(one, "").startswith(script) for one in near) else -0.5


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")


def _wide_likeness(text: str, encoding: str) -> float:
    """Of a multi-byte text: how common its letters are in the language of the encoding.

    Common ideographs stand in the first level of the Chinese and Japanese standards, which the
    lead byte tells.
    """
    score, count = 0.0, 0
    for letter in text:
        if letter >= "\x80":
            score += _commonness(letter, encoding)
            count += 1
    return score / max(count, 1)


_FIRST_LEVEL = {"gb18030": (0xB0, 0xD7), "euc_jp": (0xB0, 0xCF), "big5": (0xA4, 0xC6),
                "cp932": (0x88, 0x97)}  # fmt: skip


def _commonness(letter: str, encoding: str) -> float:
    if "\u3040" <= letter <= "\u30ff":
        return 1.0 if encoding in ("cp932", "euc_jp") else 0.1
    if "\uac00" <= letter <= "\ud7a3":
        return 0.95 if encoding == "euc_kr" else 0.1
    if "\u4e00" <= letter <= "\u9fff":
        first, last = _FIRST_LEVEL.get(encoding, (256, 256))
        encoded = letter.encode(encoding)
        return 0.9 if len(encoded) == 2 and first <= encoded[0] <= last else 0.4
    if "\u3000" <= letter <= "\u303f" or "\uff01" <= letter <= "\uff60":
        return 0.7
    return -2.0 if unicodedata.category(letter) in ("Cn", "Co", "Cc") else -0.7
