import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems import example

from gentap.evaluation.metrics.scoring import Scored
from gentap.evaluation.metrics.statistics import mean_statistics
from gentap.evaluation.report.score_tables import (
    in_markdown,
    markdown,
    results_text,
    scores_table,
    table_excerpt,
)
from gentap.evaluation.results import Results
from gentap.records import Table
from gentap.runs.counting import counted

CELLS = st.text(alphabet="abc 7é", max_size=9)


def test_markdown_is_aligned() -> None:
    assert markdown([["year", "film"], ["2004", "Dawn over"], ["2005", ""]]) == (
        "| year | film      |\n|------|-----------|\n| 2004 | Dawn over |\n| 2005 |           |\n"
    )


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=5
        )
    )
)
def test_markdown_keeps_every_cell_and_makes_all_lines_equally_long(lines: list[list[str]]) -> None:
    written = markdown(lines).splitlines()
    assert len({len(line) for line in written}) == 1
    assert set(written.pop(1)) == {"|", "-"}
    read = [[cell.strip() for cell in line.strip("|").split("|")] for line in written]
    assert read == [[cell.strip() for cell in line] for line in lines]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[x](http://e.example)", "[x\\](http://e.example)"),
        ("![x](y)", "\\![x\\](y)"),
        ("[x]: http://e.example", "[x\\]: http://e.example"),
        ("<img src=x onerror=alert(1)>", "\\<img src=x onerror=alert(1)>"),
        ("`a` **b** a|b \\", "\\`a\\` \\*\\*b\\*\\* a\\|b \\\\"),
        ("one\n# two\r\n- three", "one # two - three"),
        ("[4.80, 5.63] of the_table", "[4.80, 5.63] of the_table"),
    ],
)
def test_a_text_stands_in_markdown_as_itself(text: str, shown: str) -> None:
    assert in_markdown(text) == shown


def test_scores_have_a_column_for_each_metric_that_any_system_has() -> None:
    table = scores_table({"ours": {"exact_match": 50.0, "bleu": 22.826}, "theirs": {"bleu": 7}})
    assert table == (
        "| system | BLEU  | exact match |\n"
        "|--------|-------|-------------|\n"
        "| ours   | 22.83 | 50.00       |\n"
        "| theirs | 7.00  |             |\n"
    )


def test_an_excerpt_shows_eight_rows_counts_the_rest_and_cuts_long_cells() -> None:
    table = Table(
        title="Mara Lind",
        caption="Films",
        header=("n", "film|part"),
        rows=tuple((str(n), "long " * 20) for n in range(11)),
    )
    lines = table_excerpt(table).splitlines()
    assert lines[0] == "Mara Lind – Films"
    assert "film\\|part" in lines[1]
    assert [line.split("|")[1].strip() for line in lines[3:-1]] == [str(n) for n in range(8)]
    assert lines[3].split("|")[2].strip() == ("long " * 20)[:27] + "…"
    assert lines[-1] == "… and 3 more rows"


def test_an_excerpt_of_a_small_table_is_all_of_it() -> None:
    table = Table(header=("n", "film"), rows=(("1", "Dawn"),))
    assert table_excerpt(table) == "\n| n   | film |\n|-----|------|\n| 1   | Dawn |\n"


def run_of(name: str, count: int, score: float = 0.5) -> Results:
    examples = [example(f"q{n}", f"What is asked {n}?", f"Wanted {n}.") for n in range(count)]
    kept = {"rougeL": mean_statistics([score] * count, "f1")}
    scored = Scored("fetaqa", {"long": count, "cell": 0}, kept, {})
    said = [f"By {name} {n}." for n in range(count)]
    return Results(name, examples, said, scored, [None] * count)


@pytest.mark.parametrize(
    ("count", "shown"), [(1, [0]), (2, [0, 1]), (3, [0, 1, 2]), (12, [2, 6, 10])]
)
def test_results_show_scores_and_up_to_three_questions_with_all_answers(
    count: int, shown: list[int]
) -> None:
    systems = {"plain": [run_of("plain", count, 0.2)], "tuned": [run_of("tuned", count, 0.305)]}
    text = results_text(systems, ["test.jsonl"])
    assert text.startswith(f"{counted(count, 'question')} of test.jsonl, protocol fetaqa\n")
    assert "| tuned  | 30.50   |" in text
    assert "rougeL: f1" in text
    said = [line for line in text.splitlines() if line.startswith(("question", "plain", "tuned"))]
    assert said == [
        line
        for n in shown
        for line in (
            f"question: What is asked {n}?",
            f"plain: By plain {n}.",
            f"tuned: By tuned {n}.",
        )
    ]
    assert text.count("Mara Lind – Films\n| Year") == len(shown)


def test_several_finetunings_have_a_mean_and_its_deviation() -> None:
    runs = [run_of("tuned", 2, score) for score in (0.2, 0.3, 0.4)]
    text = results_text({"plain": [run_of("plain", 2)], "tuned": runs}, ["test.jsonl"])
    assert "| plain  | 50.00         |\n| tuned  | 30.00 ± 10.00 |" in text
    assert "standard deviations" in text


def test_intervals_stand_behind_scores() -> None:
    table = scores_table({"a|b": {"bleu": 22.83}}, {"a|b": {"bleu": (21.91, 23.8)}})
    assert table.splitlines()[2] == "| a\\|b   | 22.83 [21.9, 23.8] |"
