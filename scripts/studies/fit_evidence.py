"""Fit the weights by which mining judges pairs of a sentence and a table row.

    gentap mine data/pages -o runs/pages
    gentap mine data/ottqa -o runs/ottqa --recipe ottqa.toml    # the map of docs/mining.md
    V=scripts/studies/verdicts
    python scripts/studies/fit_evidence.py runs/pages $V/pages-pairs.tsv $V/pages-seed-1511.tsv \\
        runs/ottqa $V/ottqa-pairs*.tsv $V/ottqa-seed-1511.tsv

Each mined folder goes with files of verdicts. Those on pairs are ``id <tab> yes or no <tab> why not
<tab> how many pairs it stands for``. A pair's id is the digest of its table's id, its row and its
sentence, so that verdicts outlive a change of the rules. Yes says that the named cells stand in the
sentence in the relation that the row gives them and, for pairs of low score, that this is what the
row is there to tell. Verdicts on mined records (``judge_mined.py``) say it of the sentence's
likeliest row, where *about* is no; each stands for as many as the mean of its folder's pairs.

Prints what stands in gentap/mining/row_probability.py, and what cross-validation by pages says of
it, of pairs and of records apart: the area under the ROC curve, and for each least probability the
share that is kept, and how many of them and of the others are right.
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
LEAST = (0.3, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


class Verdict(NamedTuple):
    is_right: bool
    weight: float
    is_of_record: bool = False


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
    groups: list[tuple[Path, list[Path]]] = []
    for path in parser.parse_args().given:
        if path.is_dir():
            groups.append((path, []))
        elif groups:
            groups[-1][1].append(path)
    if not groups or not all(files for _, files in groups):
        parser.error("give mined folders, each followed by its files of verdicts")
    pairs = []
    for folder, files in groups:
        verdicts = read_verdicts(files)
        found = list(judged(folder, dict(verdicts)))
        print(f"{folder}: {len(found)} of {len(verdicts)} judged pairs found")
        pairs += found
    weights = fit(pairs)
    print(f"\nINTERCEPT = {weights[0]:.2f}\nWEIGHTS = Evidence(")
    for name, weight in zip(Evidence._fields, weights[1:], strict=True):
        print(f"    {name}={weight:.2f},")
    print(")\n")
    validate(pairs)


def read_verdicts(paths: Sequence[Path]) -> dict[str, Verdict]:
    verdicts: dict[str, Verdict] = {}
    of_records: dict[str, bool] = {}
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.startswith("#") or not line.strip():
                continue
            try:
                key, verdict, *more = line.split("\t")
                is_right = {"yes": True, "about": False, "no": False}[verdict]
                if len(more) == 2:
                    verdicts[key] = Verdict(is_right, float(more[1]))
                else:
                    of_records[key] = is_right
            except (ValueError, KeyError):
                raise SystemExit(
                    f"{path}, line {number}: write it as id, tab, yes, about or no, tab, why not; "
                    "and for a pair another tab and its weight."
                ) from None
    mean = float(np.mean([verdict.weight for verdict in verdicts.values()] or [1.0]))
    return verdicts | {key: Verdict(right, mean, True) for key, right in of_records.items()}


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
            for place, match in enumerate(candidate.matches):
                own_keys = [digest(ids[match.table], str(match.row), candidate.sentence)]
                if not place:
                    own_keys.append(digest(ids[match.table], candidate.sentence))
                for key in own_keys:
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
    named = [
        f"{pair.source}, {'records' if pair.verdict.is_of_record else 'pairs'}" for pair in pairs
    ]
    for name in dict.fromkeys(named):
        own = np.array(named) == name
        report(name, likely[own], right[own], weight[own])


def report(name: str, likely: np.ndarray, right: np.ndarray, weight: np.ndarray) -> None:
    order = np.argsort(-likely, kind="stable")
    likely, right, weight = likely[order], right[order], weight[order]
    below = (weight * (1 - right))[::-1].cumsum()[::-1]
    area = (weight * right * below).sum() / ((weight * right).sum() * (weight * (1 - right)).sum())
    print(
        f"{name} ({len(right)}): area under the ROC curve {area:.3f}; mean probability "
        f"{np.average(likely, weights=weight):.3f}, right {np.average(right, weights=weight):.3f}"
    )
    print("  least probability  kept  right of kept  estimated  right of others")
    for least in LEAST:
        kept = likely >= least
        if kept.all() or not kept.any():
            continue
        print(
            f"  {least:17.2f} {np.average(kept, weights=weight):5.3f} "
            f"{np.average(right[kept], weights=weight[kept]):14.3f} "
            f"{np.average(likely[kept], weights=weight[kept]):10.3f} "
            f"{np.average(right[~kept], weights=weight[~kept]):16.3f}"
        )


if __name__ == "__main__":
    main()
