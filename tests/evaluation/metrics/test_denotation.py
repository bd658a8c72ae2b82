import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.documents.annotated.reading import read_questions
from gentap.evaluation.metrics.denotation import cell_statistics, denotes, normalize, read_value


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("  Beyoncé  Knowles ", "beyonce knowles"),
        ("“Dusk”", "dusk"),
        ('"Dusk" "Dawn"', '"dusk" "dawn"'),
        ("it’s 1990–91", "it's 1990-91"),
        ("Dusk [2]", "dusk"),
        ("Dusk[note 1][3]", "dusk"),
        ("[2]", ""),
        ("[a]", "[a]"),
        ("Dusk†‡*", "dusk"),
        ("Dusk (film)", "dusk"),
        ("Dusk (film) (2005)", "dusk"),
        ("Dusk(film)", "dusk(film)"),
        ("(film)", "(film)"),
        ('"Dusk" (film) [1]', "dusk"),
        ("Inc.", "inc"),
        ("a...", "a.."),
        ("−5", "-5"),
        ("x #", "x"),
        ("", ""),
    ],
)
def test_texts_have_the_official_normal_form(text: str, form: str) -> None:
    assert normalize(text) == form


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Dusk", "dusk."),
        ("4.0", "4"),
        ("4.0000001", "4"),
        ("1e3", "1000"),
        (" 7 ", "7"),
        ("1200", "1,200"),
        ("1,200", "1,200"),
        ("-1234.5", "-1,234.5"),
        ("1996-06-08", "June 8, 1996"),
        ("june 8, 1996", "June 8, 1996"),
        ("1996-06-08", "8 June 1996"),
        ("xxxx-06-08", "June 8"),
        ("xx-06-08", "8 June"),
        ("1996-06-xx", "June 1996"),
        ("1996-xx-xx", "1996"),
        ("1996", "1996-xx-xx"),
        ("17", "17 years"),
        ("48.4", "48.4%"),
        ("1560000000", "$1.56 billion"),
        ("2007-12-17", "Dec. 17, 2007"),
        ("xxxx-09-xx", "September"),
        ("012345678901234567890", "12345678901234567890"),
        ("12345678901234567890", "12,345,678,901,234,567,890"),
        ("Dusk|Dawn", "Dawn|Dusk"),
        ("Dawn | Dusk", "Dawn|Dusk"),
        ("Dusk|dusk", "Dusk"),
        ("3|3.0|Dusk", "Dusk|3"),
        ("4.0000001|4", "4"),
        ("", ""),
    ],
)
def test_predictions_that_denote_the_reference(said: str, wanted: str) -> None:
    assert denotes(said, wanted)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("4.001", "4"),
        ("1,200", "1200"),
        ("twelve", "12"),
        ("17 years", "17"),
        ("1_000", "1000"),
        ("1_996-06-08", "1996-06-08"),
        ("12345678901234567891", "12,345,678,901,234,567,890"),
        ("9" * 400, "1.5"),
        ("3.9999999", "4"),
        ("June 8, 1996", "1996-06-08"),
        ("1996-06-09", "June 8, 1996"),
        ("1996-06-xx", "June 8, 1996"),
        ("1996", "June 1996"),
        ("Dusk", "Dawn|Dusk"),
        ("Dawn|Dusk|Noon", "Dawn|Dusk"),
        ("Dawn|Dawn", "Dawn|Dusk"),
        ("Dawn, Dusk", "Dawn|Dusk"),
        ("4 films", "4"),
        ("inf", "Infinity"),
        ("nan", "not a number"),
        ("", "Dusk"),
        ("1996-13-08", "1996-12-08"),
    ],
)
def test_predictions_that_do_not(said: str, wanted: str) -> None:
    assert not denotes(said, wanted)


def test_values_are_read_as_numbers_dates_or_texts() -> None:
    assert read_value("1990").number == 1990
    assert read_value("1990-xx-xx").number == 1990
    assert read_value("xx-12-25").day == (None, 12, 25)
    for text in ("xx-xx-xx", "1990-12", "1990-0-1", "1990-1-32", "a-b-c", "12 km", "inf", "nan"):
        value = read_value(text)
        assert value.number is value.day is None, text


VALUES = st.lists(st.sampled_from(["Dawn", "3", "3.0", "1996-06-08", "", "x (y)"]), max_size=4)


@given(VALUES, st.randoms())
def test_the_order_of_values_does_not_matter(values: list[str], random: object) -> None:
    other = list(values)
    random.shuffle(other)  # type: ignore[attr-defined]
    assert denotes("|".join(other), "|".join(values))


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_read_and_denotes_itself(said: str, wanted: str) -> None:
    assert denotes(said, said)
    denotes(said, wanted)


@pytest.mark.parametrize(
    ("said", "wanted", "canonical_values", "right"),
    [
        ("2004", "2004 Athens", "2004.0", True),
        ("2004", "2004 Athens", "2004 Athens", False),
        ("9", "September 2011|Dusk", "2011-09-xx|Dusk", False),
        ("Dusk|2011-09-xx", "September 2011|Dusk", "2011-09-xx|Dusk", True),
        ("17", "17 years", "17 years", False),
        ("17", "17 years", "", True),
    ],
)
def test_canonical_values_go_before_the_text(
    said: str, wanted: str, canonical_values: str, right: bool
) -> None:
    assert denotes(said, wanted, canonical_values) is right


def test_the_signature_tells_where_numbers_and_dates_are_from() -> None:
    for canons, canon in (([], "text"), (["", ""], "text"), (["1", "2"], "tagged")):
        kept = cell_statistics(["1", "2"], [["1"], ["2"]], canons)
        assert f"canon:{canon}" in kept["denotation_accuracy"].signature.split("|")
    kept = cell_statistics(["1", "2"], [["1"], ["2"]], ["1", ""])
    assert "canon:mixed" in kept["denotation_accuracy"].signature.split("|")


def test_any_of_several_references_may_match() -> None:
    kept = cell_statistics(["Dusk", "1200", "x"], [["Dawn", "Dusk"], ["a", "1,200"], ["y", "z"]])
    assert kept["exact_match"].by_example() == [100, 0, 0]
    assert kept["denotation_accuracy"].by_example() == [100, 100, 0]


def test_the_answers_of_wikitablequestions_denote_themselves(shared: Callable[[str], Path]) -> None:
    path = shared("wikitablequestions/data/pristine-unseen-tables.tsv")
    answers = [example.answer for example in read_questions([path]).examples]
    kept = cell_statistics(answers, [[answer] for answer in answers])
    assert kept["denotation_accuracy"].score == kept["exact_match"].score == 100
    turned = ["|".join(reversed(answer.split("|"))) for answer in answers]
    assert cell_statistics(turned, [[answer] for answer in answers])[
        "denotation_accuracy"
    ].score == pytest.approx(100)
    assert json.dumps(answers).count("|") > 100
