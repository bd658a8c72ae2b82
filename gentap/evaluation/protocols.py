"""What each protocol of scoring says, once for the commands and for ``evaluate.load``.

* ``fetaqa``: FeTaQA's published figures (Nan et al. 2022). BLEU lower-cased, METEOR on tokens
  parted by white space.
* ``totto``: ToTTo's official evaluation (Parikh et al. 2020, ``totto_eval.sh``). Texts lower-cased
  and through Moses' detokenizer; the first three sentences are right, and where there are fewer
  ``<null>`` is. PARENT on sacreBLEU's 13a tokens, its recall of the table also over the titles of
  page and section; an empty answer is read as ``<null>``. METEOR, which ToTTo has not, on NLTK's
  word tokens of the texts as they are.
* ``cased``: BLEU cased, METEOR on NLTK's word tokens.
* ``unicode``: as ``cased``, and ROUGE on the words of any script, for texts not in Latin letters.

All: sacreBLEU's 13a tokenizer; ROUGE F1 without stemming, but in ``unicode`` on runs of a-z and
digits; METEOR with alpha 0.9, beta 3 and gamma 0.5. Support, exact match and denotation accuracy
are the same under all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gentap.errors import SettingError
from gentap.evaluation.metrics.moses_detokenizer import detokenize
from gentap.evaluation.metrics.statistics import check_references
from gentap.settings.sections import Protocol

MeteorTokens = Literal["nltk", "spaces"]
ParentForm = Literal["paper", "totto"]
RougeWords = Literal["latin", "unicode"]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a protocol settles; ``empty`` stands for an answer of nothing, and for a reference that
    is missing among ``most_references`` (0: none is)."""

    lowercase_bleu: bool
    meteor_tokens: MeteorTokens
    parent: ParentForm = "paper"
    empty: str = ""
    detokenized: bool = False
    most_references: int = 0
    rouge_words: RougeWords = "latin"

    def texts(
        self, said: Sequence[str], references: Sequence[Sequence[str]]
    ) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Answers and references as BLEU and PARENT read them.

        Where no question has several references (ToTTo's training set) none is missing. Raises
        InputError where one has none.
        """
        check_references(said, references)
        if any(len(wanted) > 1 for wanted in references) and self.most_references:
            most = self.most_references
            references = [
                [*wanted[:most], *[self.empty] * (most - len(wanted))] for wanted in references
            ]
        if not self.detokenized:
            return said, references
        return (
            [detokenize(text.lower()) for text in said],
            [[detokenize(text.lower()) for text in wanted] for wanted in references],
        )


PROTOCOLS: dict[Protocol, Choices] = {
    "fetaqa": Choices(lowercase_bleu=True, meteor_tokens="spaces"),
    "totto": Choices(
        lowercase_bleu=True,
        meteor_tokens="nltk",
        parent="totto",
        empty="<null>",
        detokenized=True,
        most_references=3,
    ),
    "cased": Choices(lowercase_bleu=False, meteor_tokens="nltk"),
    "unicode": Choices(lowercase_bleu=False, meteor_tokens="nltk", rouge_words="unicode"),
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
