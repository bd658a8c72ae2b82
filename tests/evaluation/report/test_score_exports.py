import csv

import pytest

from gentap.evaluation.metrics.scoring import METRICS
from gentap.evaluation.report.score_exports import bibliography, csv_table, latex_table
from gentap.evaluation.report.score_tables import UNRANKED, best_scores

SYSTEMS = {
    "ours_50%": {"bleu": 10.0, "brevity_penalty": 90.0, "rouge2": 0.0, "meteor": 5.0},
    "base & co": {"bleu": 5.0, "brevity_penalty": 100.0, "rouge2": 0.0},
}
RANGES = {
    name: {metric: (score - 1, score + 1) for metric, score in scores.items()}
    for name, scores in SYSTEMS.items()
}


def test_the_best_is_marked_where_more_is_better_and_something_is_there() -> None:
    assert best_scores(list(SYSTEMS.values())) == {"bleu": 10.0, "meteor": 5.0}
    assert best_scores([SYSTEMS["ours_50%"]]) == {}
    assert set(METRICS) > UNRANKED


def test_a_latex_table_escapes_names_and_has_the_best_in_bold() -> None:
    text = latex_table(SYSTEMS, RANGES, "fetaqa")
    lines = text.splitlines()
    assert "Protocol fetaqa" in lines[0]
    assert lines[1] == r"\begin{tabular}{lrrrr}"
    assert lines[3] == r"system & BLEU & ROUGE-2 & METEOR & brevity \\"
    assert lines[5].startswith(r"ours\_50\% & \textbf{10.00} {\scriptsize [9.0, 11.0]} & 0.00 ")
    assert lines[6].startswith(r"base \& co & 5.00 ")
    assert text.count("textbf") == 2
    assert all(line.count("&") - line.count(r"\&") == 4 for line in (lines[3], *lines[5:7]))


def test_a_csv_file_has_a_line_for_each_score() -> None:
    rows = list(csv.DictReader(csv_table(SYSTEMS, RANGES, "cased").splitlines()))
    assert len(rows) == 7
    assert rows[0] == {
        "system": "ours_50%",
        "protocol": "cased",
        "metric": "bleu",
        "score": "10.0000",
        "low": "9.0000",
        "high": "11.0000",
    }


@pytest.mark.parametrize(
    ("metrics", "protocol", "keys"),
    [
        (["bleu", "rouge1", "rougeL"], "cased", ["shi", "papineni", "post", "lin"]),
        (["exact_match"], "fetaqa", ["shi", "nan"]),
        (["parent", "parent_recall"], "totto", ["shi", "dhingra", "parikh"]),
    ],
)
def test_what_was_used_is_cited_once(metrics: list[str], protocol: str, keys: list[str]) -> None:
    text = bibliography(metrics, protocol)
    entries = [part for part in text.split("@") if part]
    assert [entry.partition("{")[2].partition("20")[0] for entry in entries] == keys
    assert text.count("{") == text.count("}")
