"""English texts as Moses' detokenizer (Koehn et al. 2007) joins their tokens.

ToTTo's official evaluation runs it over answers, references and tables, whether they were parted
into tokens or not. The rules are those of its version 4134 with ``-l en``.
"""

import regex

_TAG = regex.compile(r"<.+>")
_ENTITIES = {
    "&bar;": "|",
    "&#124;": "|",
    "&lt;": "<",
    "&gt;": ">",
    "&bra;": "[",
    "&ket;": "]",
    "&quot;": '"',
    "&apos;": "'",
    "&#91;": "[",
    "&#93;": "]",
    "&amp;": "&",
}
_OPENING = regex.compile(r"[\p{Sc}(\[{¿¡]+")
_CLOSING = regex.compile(r"[,.?!:;\\%}\])]+")
_CONTRACTION = regex.compile(r"'\p{Alphabetic}")
_WORD_END = regex.compile(r"[\p{Alphabetic}\p{Nd}]$")
_QUOTES = regex.compile(r"['\"„“`]+")
_CJK = regex.compile(
    r"[\u1100-\u11ff\u2e80-\ua4cf\ua840-\ua87f\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff65-\uffdc"
    r"\U00020000-\U0002ffff]"
)


def detokenize(text: str) -> str:
    """One line; a line that is a tag (``<null>``) or empty stays as it is.

    >>> detokenize("the band 's \\" first \\" album ( 2005 ) , for $ 5 .")
    'the band\\'s "first" album (2005), for $5.'
    """
    if _TAG.fullmatch(text) or not text.strip():
        return text
    text = f" {text} ".replace(" @-@ ", "-")
    for entity, sign in _ENTITIES.items():
        text = text.replace(entity, sign)
    joined, space, before = "", " ", ""
    opened: dict[str, bool] = {}
    for word in text.rstrip(" ").split(" "):
        to_left = to_right = False
        if _CJK.match(word):
            to_left = bool(before) and _CJK.match(before[-1]) is not None
        elif _OPENING.fullmatch(word):
            to_right = True
        elif _CLOSING.fullmatch(word):
            to_left = True
        elif _CONTRACTION.match(word):
            to_left = _WORD_END.search(before) is not None
        elif _QUOTES.fullmatch(word):
            kind = '"' if set(word) <= set("„“") else word
            possessive = word == "'" and before.endswith("s") and not opened.get(kind)
            to_left = possessive or opened.get(kind, False)
            to_right = not to_left
            if not possessive:
                opened[kind] = to_right
        joined += word if to_left else space + word
        space, before = "" if to_right else " ", word
    return " ".join(filter(None, joined.split(" ")))
