import pytest
from systems import example, results

from gentap.evaluation.groups import GROUPINGS, group_scores
from gentap.evaluation.metrics.rouge import rouge_statistics
from gentap.records import HEADER_ROW, Table


@pytest.mark.parametrize(
    ("cells", "label"), [(25, "1–25"), (26, "26–50"), (50, "26–50"), (401, "401+"), (9000, "401+")]
)
def test_tables_are_grouped_by_their_cells(cells: int, label: str) -> None:
    table = Table(header=("n",), rows=(("1",),) * cells)
    grouping = next(one for one in GROUPINGS if one.name == "table")
    place = grouping.place(example("a", "Which?", "One.", table=table))
    assert grouping.labels[place] == label


def test_evidence_is_grouped_by_rows_not_by_cells() -> None:
    grouping = next(one for one in GROUPINGS if one.name == "evidence")
    labels = [
        grouping.labels[grouping.place(example("a", "Which?", "One.", cells=cells))]
        for cells in ([], [(0, 0)], [(0, 0), (0, 1)], [(0, 0), (2, 1)], [(HEADER_ROW, 0), (0, 1)])
    ]
    assert labels == ["0", "1", "1", "2", "1"]


def test_every_example_has_a_group_of_every_grouping() -> None:
    empty = Table(header=(), rows=())
    for one in (example("a", "", "", table=empty), example("b", "How?", "w " * 500)):
        for grouping in GROUPINGS:
            assert 0 <= grouping.place(one) < len(grouping.labels)


def test_a_group_has_the_score_of_its_own_examples() -> None:
    examples = [
        example("a", "Who sang?", "Mara Lind sang in Dusk.", cells=[(1, 1)]),
        example("b", "When was it?", "It was in 2005."),
        example("c", "Who was it?", "It was Mara Lind of the old town.", cells=[(0, 0)]),
    ]
    said = ["Mara Lind sang.", "It was in 2006.", "Nobody."]
    system = results("ours", examples, said)
    made = {one["name"]: one for one in group_scores(examples, [system.scored.statistics])}
    assert set(made) == {"evidence", "answer", "word"}  # all tables are of one size
    word = made["word"]
    assert word["labels"] == ["who", "when"]
    assert word["counts"] == [2, 1]
    assert word["of"] == [0, 1, 0]
    alone = rouge_statistics([said[0], said[2]], [examples[0].references, examples[2].references])[
        "rougeL"
    ].score
    score, low, high = word["scores"]["rougeL"][0][0]
    assert score == pytest.approx(alone, abs=1e-3)
    assert low <= score <= high
    assert word["scores"]["rougeL"][0][1][1:] == pytest.approx([75, 75])  # a single example


def test_a_metric_is_left_out_of_groups_that_it_does_not_apply_to() -> None:
    examples = [
        example("a", "Who sang?", "Mara Lind sang."),
        example("b", "When was it?", "2005", kind="cell"),
    ]
    system = results("ours", examples, ["Mara Lind sang.", "2005"])
    word = next(
        one for one in group_scores(examples, [system.scored.statistics]) if one["name"] == "word"
    )
    assert word["scores"]["exact_match"][0] == [None, [100, 100, 100]]
    assert word["scores"]["rougeL"][0][1] is None


def test_one_example_has_no_groups() -> None:
    examples = [example("a", "Who sang?", "Mara Lind sang.")]
    assert group_scores(examples, [results("ours", examples, [""]).scored.statistics]) == []
