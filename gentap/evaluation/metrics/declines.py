"""How often a system declines where the table does not answer, and where it does.

An answer *declines* where it says that the table does not tell, or holds no such entry: it speaks
of the table (or data, or list) and denies it, however it words that, or says that the question
can't be answered. A question is unanswerable where its reference
declines. ``declined_rightly`` is the share of unanswerable questions whose answer declines,
``declined_wrongly`` that of the answerable ones; they exist only where some question is
unanswerable. English and German are known.
"""

import re
from collections.abc import Sequence

import numpy as np

from gentap import __version__
from gentap.evaluation.metrics.statistics import Statistics, check_references, ratio_statistics

_TELLS = (
    r"(?:say|tell|list|give|name|show|mention|include|contain|provide|state|specify|cover|have|"
    r"record|answer|indicate|report|hold|identify|feature)"
)
_SPEAKS = r"(?:say|tell|list|give|name|mention|state|specify|answer|indicate|identify)"
"""What a table alone does: a restaurant too may not have or include something."""
_TABLE = r"(?:table|data|list)"
_IN = rf"(?:in|from|by|with|on) (?:the|this) (?:given |provided )?{_TABLE}"
_NO_RANK = r"(?!(?:first|second|third|last|top|best|worst|most|least|highest|lowest)\b)"
"""Who is not the first in the table stands in it."""
_ENGLISH = (
    rf"{_TABLE} (?:does not|doesn't|do not|don't|did not|cannot|can't|can not) (?:\w+ )?{_TELLS}",
    rf"\b{_TABLE} {_TELLS}s? (?:no|nothing|none|neither)\b|{_TABLE} has (?:no|nothing|none)\b",
    rf"\bit (?:does not|doesn't|cannot|can't) {_SPEAKS}\b",
    rf"\b(?:no|none of the)(?: (?!and\b|but\b)[^\s,]+){{1,9}} {_IN}(?! than\b)",
    rf"(?:is|are|was|were) (?:not|neither)(?: {_NO_RANK}\w+){{0,3}} {_IN}",
    rf"(?:isn't|aren't|wasn't)(?: {_NO_RANK}[^\s.]+)* {_IN}",
    rf"(?:cannot|can't|could not|couldn't) be (?:\w+ ){{1,3}}{_IN}",
    rf"according to the {_TABLE}, (?:no|none|there is no)\b|is not among (?:the|its) [^.,]*{_IN}",
    r"\bunanswerable\b|\b(?:cannot|can't) (?:be answered|answer|be determined)\b",
    r"\b(?:no|not enough|insufficient) information\b(?! \w)|\b(?:no|not enough|insufficient) "
    r"information (?:about|on|of|for|to|that|which|whether|as|in|is|was|available|given)\b",
)
_NENNT = r"(?:enthält|nennt|hat|sagt|zeigt|führt|gibt|macht)"
_GERMAN = (
    rf"\btabelle {_NENNT}\b[^.]*\b(?:kein\w*|nicht|nichts)\b|\bbeantwortet die tabelle nicht\b",
    rf"\b{_NENNT} die tabelle\b[^.]* ?\b(?:kein\w*|nicht|nichts)\b",
    r"\b(?:kein\w*|nicht|nirgends)\b(?! (?:die|der|das|den) \w+st\w*\b)"
    r"[^.,]* in (?:der|dieser) tabelle\b|\bkeine zeile der tabelle\b",
    r"\bin (?:der|dieser) tabelle (?:gibt es kein|steht kein|fehlt)|\bin der tabelle nicht\b",
    r"\b(?:steht|kommt) in der tabelle (?:nicht|nirgends)\b|\bsteht in der tabelle nirgends\b",
    r"\bunter [^.]* steht in der tabelle nirgends\b|\blaut der tabelle gibt es kein",
    r"\bnicht (?:zu )?beantwort(?:en|bar)\b|\bkeine angabe(?:n)?\b",
)
_DECLINES = re.compile("|".join((*_ENGLISH, *_GERMAN)), re.I)


def declines(answer: str) -> bool:
    """Whether an answer says that the table does not give one.

    >>> declines("The table does not say who won in 1990."), declines("No team won in 1990.")
    (True, False)
    """
    return _DECLINES.search(answer) is not None


def decline_statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]]
) -> dict[str, Statistics]:
    """``declined_rightly`` and ``declined_wrongly``; none where every question has an answer."""
    check_references(predictions, references)
    unanswerable = np.array([any(map(declines, wanted)) for wanted in references], dtype=bool)
    if not unanswerable.any():
        return {}
    declined = np.array(list(map(declines, predictions)), dtype=bool)
    signature = f"phrases:en,de|gentap:{__version__}"
    return {
        name: ratio_statistics(
            np.stack([declined & among, among], axis=1).astype(np.float64), signature
        )
        for name, among in (("declined_rightly", unanswerable), ("declined_wrongly", ~unanswerable))
    }
