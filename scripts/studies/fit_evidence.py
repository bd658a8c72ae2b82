"""Fit the weights by which mining judges pairs of a sentence and a table row.

    gentap mine data/pages -o runs/pages
    gentap mine data/ottqa -o runs/ottqa --recipe ottqa.toml    # the map of docs/mining.md
    python scripts/studies/fit_evidence.py runs/pages scripts/studies/verdicts/pages-pairs.tsv \\
        runs/ottqa scripts/studies/verdicts/ottqa-pairs.tsv

Each mined folder goes with a file of verdicts: ``id <tab> yes or no <tab> why not <tab> how many
pairs it stands for``. A pair's id is the digest of its table's id, its row and its sentence, so
that verdicts outlive a change of the rules. Yes says that the named cells stand in the sentence in
the relation that the row gives them, and that this is what the row is there to tell.

Prints what stands in gentap/mining/row_probability.py, and what cross-validation by pages says of
it: the area under the ROC curve, and for each share of pairs that is kept, how many of them are
right and how many of the others.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gentap.mining.matching import PageMatcher
from gentap.mining.row_probability import Evidence
from gentap.mining.surface_forms import FormNormalizer, Rules
from gentap.records import digest, sourced_table_from_row
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.text.sentences import tidy

RIDGE = 5.0
FOLDS = 8
SHUFFLES = 4
SHARES = (0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)


class Verdict(NamedTuple):
    is_right: bool
    weight: float


class Pair(NamedTuple):
    source: str
    url: str
    evidence: Evidence
    verdict: Verdict


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("given", nargs="+", type=Path, help="mined folders, each with its verdicts")
    given = parser.parse_args().given
    if len(given) % 2:
        parser.error("give a file of verdicts for each mined folder")
    pairs = []
    for folder, path in zip(given[::2], given[1::2], strict=True):
        verdicts = read_verdicts(path)
        found = list(judged(folder, dict(verdicts)))
        print(f"{folder}: {len(found)} of {len(verdicts)} judged pairs found")
        pairs += found
    weights = fit(pairs)
    print(f"\nINTERCEPT = {weights[0]:.2f}\nWEIGHTS = Evidence(")
    for name, weight in zip(Evidence._fields, weights[1:], strict=True):
        print(f"    {name}={weight:.2f},")
    print(")\n")
    validate(pairs)


def read_verdicts(path: Path) -> dict[str, Verdict]:
    verdicts = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#") or not line.strip():
            continue
        try:
            key, verdict, _, weight = line.split("\t")
            verdicts[key] = Verdict({"yes": True, "no": False}[verdict], float(weight))
        except (ValueError, KeyError):
            raise SystemExit(
                f"{path}, line {number}: write it as id, tab, yes or no, tab, why not, tab, weight."
            ) from None
    return verdicts


def judged(folder: Path, verdicts: dict[str, Verdict]) -> Iterator[Pair]:
    """The evidence of a mined folder's pairs on which there is a verdict."""
    tables: dict[str, list[tuple[str, object]]] = {}
    for row in read_rows(parts(folder / "tables")):
        tables.setdefault(row["url"], []).append((row["id"], sourced_table_from_row(row).table))
    former = FormNormalizer(Rules())
    for page in read_rows(parts(folder / "documents")):
        ids, own = zip(*tables[page["url"]], strict=True)
        matcher = PageMatcher(own, former)
        for candidate in matcher.candidates([tidy(block) for block in page["blocks"]]):
            for match in candidate.matches:
                key = digest(ids[match.table], str(match.row), candidate.sentence)
                if verdict := verdicts.pop(key, None):
                    yield Pair(folder.name, page["url"], match.evidence, verdict)


def fit(pairs: Sequence[Pair]) -> np.ndarray:
    """Intercept and weights of a logistic regression with a ridge, by Newton's method.

    A source's pairs are weighted by the root of what they stand for: between pairs as judged,
    more of which are hard ones, and pairs as they are mined. The intercept is then set so that
    the probabilities' mean, over pairs as they are mined, is the share of right ones.
    """
    features = np.array([(1.0, *pair.evidence) for pair in pairs])
    right = np.array([pair.verdict.is_right for pair in pairs], float)
    stands_for = share_of_source(pairs)
    importance = np.sqrt(stands_for)
    scale = features.std(0)
    scale[scale == 0] = 1.0
    features, weights = features / scale, np.zeros(features.shape[1])
    ridge = np.diag([0.0, *[RIDGE] * (len(weights) - 1)])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-features @ weights))
        slope = features.T @ (importance * (right - likely)) - ridge @ weights
        curve = (features * (importance * likely * (1 - likely))[:, None]).T @ features + ridge
        step = np.linalg.solve(curve, slope)
        weights += step
        if np.abs(step).max() < 1e-9:
            break
    for _ in range(50):
        likely = 1 / (1 + np.exp(-features @ weights))
        excess = (stands_for * (right - likely)).sum()
        weights[0] += excess / (stands_for * likely * (1 - likely)).sum()
    return weights / scale


def share_of_source(pairs: Sequence[Pair]) -> np.ndarray:
    """How many pairs each one stands for, all sources counting the same; the mean is 1."""
    sources = np.array([pair.source for pair in pairs])
    weights = np.array([pair.verdict.weight for pair in pairs])
    for source in set(sources):
        weights[sources == source] /= weights[sources == source].sum()
    return weights / weights.mean()


def validate(pairs: Sequence[Pair]) -> None:
    """What cross-validation says, the pages of a fold left out of the fit."""
    urls = sorted({pair.url for pair in pairs})
    likely = np.zeros(len(pairs))
    for seed in range(SHUFFLES):
        drawn = np.random.default_rng(seed).integers(0, FOLDS, len(urls))
        fold_of = dict(zip(urls, drawn, strict=True))
        folds = np.array([fold_of[pair.url] for pair in pairs])
        for fold in range(FOLDS):
            weights = fit([pair for pair, own in zip(pairs, folds, strict=True) if own != fold])
            for place in np.flatnonzero(folds == fold):
                odds = weights @ np.array((1.0, *pairs[place].evidence))
                likely[place] += 1 / (1 + np.exp(-odds)) / SHUFFLES
    right = np.array([pair.verdict.is_right for pair in pairs], float)
    weight = share_of_source(pairs)
    sources = np.array([pair.source for pair in pairs])
    for source in dict.fromkeys(sources):
        report(source, *(values[sources == source] for values in (likely, right, weight)))


def report(source: str, likely: np.ndarray, right: np.ndarray, weight: np.ndarray) -> None:
    order = np.argsort(-likely, kind="stable")
    likely, right, weight = likely[order], right[order], weight[order]
    below = (weight * (1 - right))[::-1].cumsum()[::-1]
    area = (weight * right * below).sum() / ((weight * right).sum() * (weight * (1 - right)).sum())
    print(
        f"{source}: area under the ROC curve {area:.3f}; mean probability "
        f"{np.average(likely, weights=weight):.3f}, right {np.average(right, weights=weight):.3f}"
    )
    print("  kept  least probability  right of kept  estimated  right of others")
    kept = weight.cumsum() / weight.sum()
    for share in SHARES:
        stop = int(np.searchsorted(kept, share))
        inside, outside = slice(None, stop), slice(stop, None)
        print(
            f"  {share:.2f} {likely[stop]:18.3f} "
            f"{np.average(right[inside], weights=weight[inside]):14.3f} "
            f"{np.average(likely[inside], weights=weight[inside]):10.3f} "
            f"{np.average(right[outside], weights=weight[outside]):16.3f}"
        )


if __name__ == "__main__":
    main()
