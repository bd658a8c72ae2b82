import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.evaluation.report import markdown, results_text, scores_table, table_excerpt
from gentap.records import Table

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
    assert "film/part" in lines[1]
    assert [line.split("|")[1].strip() for line in lines[3:-1]] == [str(n) for n in range(8)]
    assert lines[3].split("|")[2].strip() == ("long " * 20)[:27] + "…"
    assert lines[-1] == "… and 3 more rows"


def test_an_excerpt_of_a_small_table_is_all_of_it() -> None:
    table = Table(header=("n", "film"), rows=(("1", "Dawn"),))
    assert table_excerpt(table) == "\n| n   | film |\n|-----|------|\n| 1   | Dawn |\n"


def questions(path: Path, count: int, title: str = "Mara Lind") -> str:
    table = {"title": title, "header": ["n", "film"], "rows": [["1", "Dawn"]]}
    lines = [
        {"question": f"What is asked {n}?", "answer": f"Wanted {n}.", "table": table}
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(path)


def predictions(folder: Path, name: str, count: int, title: str = "Mara Lind") -> Path:
    folder.mkdir()
    lines = [{"prediction": f"{name} {n}.", "title": title} for n in range(count)]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "predictions.jsonl").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("count", "shown"), [(1, [0]), (2, [0, 1]), (3, [0, 1, 2]), (12, [2, 6, 10])]
)
def test_results_show_scores_and_up_to_three_questions_with_all_answers(
    tmp_path: Path, count: int, shown: list[int]
) -> None:
    data = [questions(tmp_path / "test.jsonl", count)]
    scores = {
        name: {"bleu": value, "signatures": {"bleu": "case:lc"}}
        for name, value in (("plain", 20.0), ("tuned", 30.5))
    }
    reports = {name: predictions(tmp_path / name, f"By {name}", count) for name in scores}
    text = results_text(scores, reports, data)
    assert text.startswith(f"{count} questions of {data[0]}\n")
    assert "| tuned  | 30.50 |" in text
    assert "bleu: case:lc" in text
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
    assert text.count("Mara Lind\n| n ") == len(shown)


def test_results_stand_titles_with_separators_of_other_alphabets(tmp_path: Path) -> None:
    title = "Mara\u2028Lind\u0085"
    data = [questions(tmp_path / "test.jsonl", 1, title)]
    report = predictions(tmp_path / "ours", "Said", 1, title)
    text = results_text({"ours": {"signatures": {}}}, {"ours": report}, data)
    assert "ours: Said 0." in text
