from collections.abc import Callable
from pathlib import Path

import pytest

from gentap.documents.annotated.reading import read_annotated
from gentap.documents.rejected import RejectedRecord
from gentap.errors import InputError
from gentap.records import Example, Table

HEADER = "id\tutterance\tcontext\ttargetValue\n"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The released layout: data/ with questions, csv/ with tables in both forms."""
    (tmp_path / "data").mkdir()
    (tmp_path / "csv" / "204-csv").mkdir(parents=True)
    table = tmp_path / "csv" / "204-csv" / "590.csv"
    table.write_text('"Year","Film"\n"2004","Dawn, \\"the\\" film"\n"2005","a\\\\b\nc"\n')
    (tmp_path / "csv" / "204-csv" / "7.tsv").write_text(
        "Year\tFilm\n2004\ta\\pb\\\\\\nc\n2005\tDusk\n"
    )
    return tmp_path


def read(release: Path, *lines: str, end: str = "\n") -> tuple[list[Example], list[RejectedRecord]]:
    path = release / "data" / "dev.tsv"
    path.write_bytes((HEADER + "".join(line + end for line in lines)).encode())
    return read_annotated(path)


def test_a_question_is_read_with_the_table_that_it_names(release: Path) -> None:
    (example,), unread = read(release, "nt-1\twhich film?\tcsv/204-csv/590.csv\tDawn")
    assert unread == []
    assert example == Example(
        id="nt-1",
        kind="cell",
        origin="annotated",
        question="which film?",
        answer="Dawn",
        table=Table(
            header=("Year", "Film"), rows=(("2004", 'Dawn, "the" film'), ("2005", "a\\b c"))
        ),
        cells=(),
        source="csv/204-csv/590.csv",
    )


@pytest.mark.parametrize("folder", ["tagged", "tagged/data"])  # as copied, and as released
def test_a_tagged_file_says_what_its_values_count_as(release: Path, folder: str) -> None:
    (release / folder).mkdir(parents=True)
    path = release / folder / "dev.tagged"
    path.write_text(
        HEADER.rstrip("\n") + "\ttokens\ttargetCanon\ttargetCanonType\n"
        "nt-1\twhich?\tcsv/204-csv/590.csv\t17 years|Dawn\twhich|?\t17.0|Dawn\tmixed\n"
    )
    (example,), unread = read_annotated(path)
    assert unread == []
    assert (example.answer, example.canonical) == ("17 years|Dawn", "17.0|Dawn")


def test_the_tsv_form_of_a_table_serves_where_the_csv_is_not_there(release: Path) -> None:
    (example,), _ = read(release, "nt-1\twhich?\tcsv/204-csv/7.csv\tDusk")
    assert example.table.rows == (("2004", "a|b\\ c"), ("2005", "Dusk"))


def test_questions_may_stand_beside_their_tables(release: Path) -> None:
    path = release / "questions.tsv"
    path.write_text(HEADER + "nt-1\twhich?\tcsv/204-csv/590.csv\tDusk\n")
    assert len(read_annotated(path)[0]) == 1


def test_several_values_are_one_answer(release: Path) -> None:
    line = "nt-1\twhich\\nfilms?\tcsv/204-csv/590.csv\tDawn\\\\|Dusk"
    (example,), _ = read(release, line, end="\r\n")
    assert example.answer == "Dawn\\|Dusk"
    assert example.question == "which films?"


def test_the_pages_title_is_read_where_it_is_there(release: Path) -> None:
    (release / "page" / "204-page").mkdir(parents=True)
    (release / "page" / "204-page" / "590.json").write_text('{"title": "Jane Doe"}')
    (example,), _ = read(release, "nt-1\twhich?\tcsv/204-csv/590.csv\tDusk")
    assert example.table.title == "Jane Doe"


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("nt-2\twhich?\tcsv/204-csv/590.csv", "3 fields where the first line has 4 columns"),
        ("nt-2\twhich?\tcsv/204-csv/590.csv\t ", "'targetValue' is missing or empty"),
        ("\twhich?\tcsv/204-csv/590.csv\tDusk", "'id' is missing or empty"),
        ("nt-2\t\tcsv/204-csv/590.csv\tDusk", "'utterance' is missing or empty"),
        ("nt-2\twhich?\tcsv/9-csv/9.csv\tDusk", "the table csv/9-csv/9.csv is neither below"),
        ("nt-2\twhich?\tcsv/bad.csv\tDusk", "the table bad.csv can't be read"),
        ("nt-2\twhich?\tcsv/empty.csv\tDusk", "the table's header is missing"),
        ("nt-1\twhich?\tcsv/204-csv/590.csv\tDusk", "the id 'nt-1' stands already in line 2"),
    ],
)
def test_a_bad_line_is_set_aside_with_its_place(release: Path, line: str, detail: str) -> None:
    (release / "csv" / "bad.csv").write_bytes(b"caf\xe9\n")
    (release / "csv" / "empty.csv").write_text("")
    good = "nt-1\twhich?\tcsv/204-csv/590.csv\tDusk"
    examples, unread = read(release, good, "", line)
    assert [example.id for example in examples] == ["nt-1"]
    assert [entry.where for entry in unread] == ["dev.tsv:4"]
    assert detail in unread[0].detail


def test_other_columns_are_an_error_that_names_the_layout(tmp_path: Path) -> None:
    path = tmp_path / "films.tsv"
    path.write_text("Year\tFilm\n2004\tDawn\n")
    with pytest.raises(InputError, match=r"films\.tsv, line 1: no column id, utterance, context"):
        read_annotated(path)


@pytest.mark.parametrize(
    ("name", "count"),
    [("pristine-unseen-tables", 4_344), ("random-split-1-dev", 2_831)],
)
def test_the_released_sets_are_read_whole(
    shared: Callable[[str], Path], name: str, count: int
) -> None:
    examples, unread = read_annotated(shared(f"wikitablequestions/data/{name}.tsv"))
    assert (len(examples), unread) == (count, [])
    assert all(example.kind == "cell" and example.table.rows for example in examples)
    assert any("|" in example.answer for example in examples)


def test_both_forms_of_a_table_are_the_same(shared: Callable[[str], Path]) -> None:
    from gentap.documents.annotated.wikitablequestions import _rows

    folder = shared("wikitablequestions/csv/200-csv")
    files = sorted(folder.glob("*.csv"))[:60]
    assert files
    for file in files:
        forms = (_rows(file), _rows(file.with_suffix(".tsv")))
        read = [
            [tuple(" ".join(cell.split()) for cell in row) for row in rows if any(row)]
            for rows in forms
        ]
        assert read[0] == read[1], file
