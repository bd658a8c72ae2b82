"""BLEU as sacreBLEU computes it, kept as counts (Papineni et al. 2002; Post 2018).

An example's row: tokens said, tokens of the closest reference, n-grams matched (orders 1 to 4),
n-grams said (orders 1 to 4).
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from gentap.evaluation.metrics.statistics import Formula, Rows, Statistics, check_references

BLEU_ORDERS = 4


def bleu_statistics(
    predictions: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    lowercase: bool,
    detokenized: bool = False,
) -> dict[str, Statistics]:
    """``bleu`` and ``brevity_penalty``, tokenizer 13a, exponential smoothing.

    That texts are ``detokenized`` is told in the signature. An example's own score is sacreBLEU's
    sentence BLEU, which takes the orders that it has.
    """
    from sacrebleu.metrics.bleu import BLEU

    check_references(predictions, references)
    metric = BLEU(lowercase=lowercase, effective_order=True)
    rows = np.zeros((len(predictions), 2 + 2 * BLEU_ORDERS))
    for row, said, wanted in zip(rows, predictions, references, strict=True):
        scored = metric.sentence_score(said, list(wanted))
        row[:] = (scored.sys_len, scored.ref_len, *scored.counts, *scored.totals)
    signature = _signature(references, lowercase) + ("|detok:moses" if detokenized else "")
    return {name: Statistics(rows, signature, *formulas) for name, formulas in FORMULAS.items()}


def bleu(sums: Rows, *, effective_order: bool = False) -> Rows:
    """Counts of shape (…, 10) to BLEU in percent (…).

    An order without a match gets half the precision of one match, the next such order half of
    that. Orders of which nothing was said make the score 0, or are left out with
    ``effective_order``.
    """
    matched, said = sums[..., 2 : 2 + BLEU_ORDERS], sums[..., 2 + BLEU_ORDERS :]
    there = said > 0
    smoothing = 2.0 ** -np.cumsum((matched == 0) & there, axis=-1)
    hits = np.where(matched > 0, matched, smoothing)
    precisions = np.divide(hits, said, out=np.ones_like(said), where=there)
    orders = there.sum(axis=-1) if effective_order else np.full(there.shape[:-1], BLEU_ORDERS)
    logs = np.log(precisions).sum(axis=-1) / np.maximum(orders, 1)
    scores = brevity_penalty(sums) * np.exp(logs)
    whole = matched.any(axis=-1) & (there.all(axis=-1) | effective_order)
    return np.where(whole, scores, 0.0)


def brevity_penalty(sums: Rows) -> Rows:
    """Token counts to BLEU's penalty for short answers, in percent: 100 is none."""
    said, wanted = sums[..., 0], sums[..., 1]
    nothing = np.where(wanted > 0, np.inf, 1.0)
    longer = np.divide(wanted, said, out=nothing, where=said > 0)
    return 100 * np.exp(np.minimum(0.0, 1.0 - longer))


FORMULAS: dict[str, tuple[Formula, Formula]] = {
    "bleu": (bleu, partial(bleu, effective_order=True)),
    "brevity_penalty": (brevity_penalty, brevity_penalty),
}
"""For each metric the formula of a corpus and that of one example."""


def _signature(references: Sequence[Sequence[str]], lowercase: bool) -> str:
    from sacrebleu.metrics.bleu import BLEU

    counts = {len(wanted) for wanted in references}
    most = max(counts, default=1)
    metric = BLEU(lowercase=lowercase)
    metric.corpus_score(["a"], [["a"]] * most)  # the signature holds the number of references
    signature = str(metric.get_signature())
    return signature if len(counts) < 2 else signature.replace(f"nrefs:{most}", "nrefs:var", 1)
