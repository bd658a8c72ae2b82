"""What each protocol of scoring says, once for the commands and for ``evaluate.load``.

* ``fetaqa``: FeTaQA's published figures (Nan et al. 2022). BLEU lower-cased, METEOR on tokens
  parted by white space.
* ``totto``: ToTTo's official evaluation (Parikh et al. 2020, ``totto_eval.sh``). BLEU lower-cased,
  PARENT on sacreBLEU's 13a tokens, its recall of the table also over the titles of page and
  section; an empty answer is read as ``<null>``. METEOR on NLTK's word tokens, which ToTTo has not.
* ``cased``: BLEU cased, METEOR on NLTK's word tokens.

All: sacreBLEU's 13a tokenizer, ROUGE F1 without stemming, METEOR with alpha 0.9, beta 3 and gamma
0.5. Support, exact match and denotation accuracy are the same under all.
"""

from dataclasses import dataclass
from typing import Literal

from gentap.errors import SettingError
from gentap.settings.sections import Protocol

MeteorTokens = Literal["nltk", "spaces"]
ParentForm = Literal["paper", "totto"]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a protocol settles; ``empty`` stands for an answer of nothing."""

    lowercase_bleu: bool
    meteor_tokens: MeteorTokens
    parent: ParentForm = "paper"
    empty: str = ""


PROTOCOLS: dict[Protocol, Choices] = {
    "fetaqa": Choices(lowercase_bleu=True, meteor_tokens="spaces"),
    "totto": Choices(lowercase_bleu=True, meteor_tokens="nltk", parent="totto", empty="<null>"),
    "cased": Choices(lowercase_bleu=False, meteor_tokens="nltk"),
}
DEFAULT: Protocol = "fetaqa"


def choices_of(configuration: str) -> Choices:
    """Those of an ``evaluate.load`` configuration: a protocol's name; left out, the default one's.

    Raises SettingError where there is no such protocol.
    """
    name = DEFAULT if configuration == "default" else configuration
    found = next((choices for known, choices in PROTOCOLS.items() if known == name), None)
    if found is None:
        raise SettingError(
            f"No protocol is named {configuration!r}: give one of {', '.join(PROTOCOLS)}, or leave "
            f"it out for {DEFAULT}."
        )
    return found
