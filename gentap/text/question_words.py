"""What a question asks for, by its first question word."""

from gentap.text.words import WORD

_WORDS = {
    **{word: word for word in ("who", "what", "which", "when", "where", "why", "how")},
    "whom": "who",
    "whose": "who",
}
WORD_KINDS = ("who", "what", "which", "when", "where", "why", "how", "how many", "none")
"""All that :func:`question_word` gives."""


def question_word(question: str) -> str:
    """The first question word, with ``how many`` and ``how much`` on their own, or ``none``.

    >>> question_word("In what year did she win?")
    'what'
    """
    words = WORD.findall(question.lower())
    for word, after in zip(words, [*words, ""][1:], strict=True):
        if word == "how" and after in ("many", "much"):
            return "how many"
        if word in _WORDS:
            return _WORDS[word]
    return "none"
