"""How likely a sentence states what a table row states, by what is seen of the two.

Whether a sentence that names two cells of a row states the row's fact can't be told by rules: the
cells may stand in another relation, the year may belong to something else. What can be seen of the
pair makes it more or less likely; the weights of a logistic model of it were fitted on verdicts of
readers (``scripts/studies/fit_evidence.py``), so that its probabilities are shares of right pairs.
"""

from math import exp
from typing import NamedTuple


class Evidence(NamedTuple):
    """What is seen of a sentence and a row of which it names two values or more."""

    told: float
    """What all values of the row tell, as the logarithm of one bit and theirs."""
    second: float
    """What the second strongest value tells, likewise."""
    gap: float
    """Characters between the two nearest values, as the logarithm of one and their number."""
    adjacent: float
    """1 where two of the values stand in neighbouring columns."""
    row_words: float
    """Words of the row's other cells in the sentence, each as much as it tells the row apart."""
    table_words: float
    """Share of the words of the table's section and caption that the sentence says."""
    header_words: float
    """1 where it says a word of the header of a value's column."""
    years: float
    """1 where the sentence says a year of the row, -1 where it says those of other rows alone."""
    alike: float
    """1 where all values stand in columns that hold one kind of values, such as two teams."""
    context: float
    """1 where the paragraph named the row last before the sentence, which does not."""
    leads: float
    """1 where the sentence begins with the row's own name."""
    opens: float
    """1 where the sentence is its paragraph's first."""
    pronoun: float
    """1 where the sentence opens with a pronoun."""
    again: float
    """1 where it says a value by the last word of its name alone."""
    other_names: float
    """Words with a capital (A to Z) of other names, as the logarithm of one and their number."""


INTERCEPT = -3.10
WEIGHTS = Evidence(
    told=1.30,
    second=0.54,
    gap=-0.26,
    adjacent=0.33,
    row_words=1.10,
    table_words=1.41,
    header_words=0.46,
    years=0.46,
    alike=-1.90,
    context=1.62,
    leads=0.95,
    opens=0.62,
    pronoun=0.95,
    again=-1.15,
    other_names=-0.46,
)


def probability(evidence: Evidence) -> float:
    """The share of pairs with such evidence of which a reader would say that they are right."""
    odds = INTERCEPT + sum(map(float.__mul__, WEIGHTS, evidence))
    return 1.0 / (1.0 + exp(-odds))
