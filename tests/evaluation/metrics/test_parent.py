import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gentap.evaluation.metrics.parent import (
    SMOOTHING,
    parent,
    parent_statistics,
    tokens,
    tokens_13a,
)
from gentap.records import HEADER_ROW, Cell, Table

TABLE = Table(
    title="Jane Doe",
    header=("Year", "Film"),
    rows=(("2004", "Dawn Song"), ("2005", "Dusk")),
)
WORDS = st.lists(st.sampled_from("Jane 2004 2005 Dusk Dawn Song made in the".split()), max_size=8)


def test_a_perfect_answer_that_names_all_evidence_scores_one() -> None:
    text = "Jane made Dusk in 2005"
    assert parent(text, text, TABLE, [Cell(1, 0), Cell(1, 1)]) == pytest.approx((1, 1, 1))


def test_precision_takes_what_the_table_entails_beyond_the_reference() -> None:
    # Unigrams: jane, dusk and 2005 are of the table, "saw" of the reference, "x" of none. Bigrams,
    # none in the reference: (jane, saw), (saw, x) … by the share of their words in the table.
    _, precision, _ = parent("Jane saw x Dusk 2005", "he saw it", TABLE)
    orders = [
        (1 + 1 + 0 + 1 + 1) / 5,
        (1 / 2 + 0 + 1 / 2 + 1) / 4,
        (1 / 3 + 1 / 3 + 2 / 3) / 3,
        (2 / 4 + 2 / 4) / 2,
    ]
    assert precision == pytest.approx((orders[0] * orders[1] * orders[2] * orders[3]) ** 0.25)


def test_recall_of_the_reference_weighs_what_the_table_entails() -> None:
    # The reference's words in the table are dusk and 2005; the answer has dusk alone. All evidence
    # is in the reference, so that it alone counts.
    evidence = [Cell(1, 0), Cell(1, 1)]
    _, _, recall = parent("Dusk", "Dusk 2005", TABLE, evidence)
    bigram = SMOOTHING  # one of the reference, entailed, not said; of orders 3 and 4 there is none
    assert recall == pytest.approx((1 / 2 * bigram * 1 * 1) ** 0.25)


def test_recall_of_the_table_counts_where_the_reference_leaves_it_out() -> None:
    # The reference says nothing of the evidence, so that the table alone counts: "Dawn Song" is
    # half there, 2004 not at all.
    _, _, recall = parent("her Song", "she sang", TABLE, [Cell(0, 0), Cell(0, 1)])
    assert recall == pytest.approx((0 + 1 / 2) / 2)


def test_the_longest_common_sequence_keeps_the_order() -> None:
    table = Table(header=("A",), rows=(("a b c d",),))
    for said, share in (("a b c d", 1), ("d c b a", 1 / 4), ("a x c y d b", 3 / 4), ("x", 0)):
        assert parent(said, "nothing", table)[2] == pytest.approx(share or SMOOTHING)


def test_without_evidence_all_cells_are_to_be_recalled() -> None:
    every = [Cell(row, column) for row in (0, 1) for column in (0, 1)]
    said = "Jane made Dusk"
    assert parent(said, said, TABLE) == parent(said, said, TABLE, every)
    assert parent(said, said, TABLE) != parent(said, said, TABLE, every[2:])


@pytest.mark.parametrize("said", ["", "  ", "it was"])
def test_an_answer_of_nothing_right_scores_nothing(said: str) -> None:
    f1, precision, recall = parent(said, "Dusk 2005", TABLE)
    assert f1 == precision == 0
    assert recall <= 1e-3


def test_placeholders_and_empty_cells_are_not_to_be_recalled() -> None:
    table = Table(header=("A", "B"), rows=(("Dusk", "–"), ("", "n/a")))
    assert parent("Dusk", "nothing", table)[2] == pytest.approx(1)
    blank = Table(header=("A",), rows=(("",),))
    assert parent("x y z w", "x y z w", blank) == pytest.approx((1, 1, 1))


@settings(max_examples=200)
@given(WORDS, WORDS)
def test_scores_are_shares_and_more_support_is_no_loss(said: list[str], wanted: list[str]) -> None:
    texts = " ".join(said), " ".join(wanted)
    scores = parent(*texts, TABLE)
    assert all(0 <= score <= 1 + 1e-12 for score in scores)
    bare = Table(header=TABLE.header, rows=TABLE.rows)
    assert parent(*texts, bare)[1] <= scores[1] + 1e-12  # the title supports "Jane"


def test_the_reference_of_the_best_f1_counts() -> None:
    kept = parent_statistics(["Dusk 2005"], [["x y", "Dusk 2005"]], [TABLE], [[]])
    single = parent_statistics(["Dusk 2005"], [["Dusk 2005"]], [TABLE], [[]])
    assert kept["parent"].score == single["parent"].score > 0
    assert "lambda:auto" in kept["parent"].signature


def test_tokens_are_words_numbers_and_signs_in_normal_form() -> None:
    assert tokens("The “1,200.5” km, said Ann’s") == [
        *["the", '"', "1,200.5", '"', "km", ","],
        *["said", "ann", "'", "s"],
    ]


def test_tottos_form_recalls_the_titles_and_takes_prose_for_the_table() -> None:
    table = Table(title="Jane Doe", section="Films", header=("Film",), rows=(("Dusk",), ("-",)))
    cells = [Cell(0, 0)]
    # the values are Dusk, Jane Doe and Films
    for said, share in (("Dusk", 1 / 3), ("Dusk Films", 2 / 3), ("Jane x Dusk", 1 / 2)):
        assert parent(said, "nothing", table, cells, form="totto")[2] == pytest.approx(share)
    assert parent("Dusk", "nothing", table, cells)[2] == pytest.approx(1)
    bare, told = (
        parent("a Dusk sequel by Doe", "x", table, cells, form="totto", beside=prose)[1]
        for prose in ("", "a sequel by")
    )
    assert bare < told == pytest.approx(1)


def test_tottos_tokens_are_13a_and_a_dash_is_a_value() -> None:
    assert tokens_13a("The 1,200.5km, (U.S.) so-called") == [
        *["the", "1,200.5km", ",", "(", "u", ".", "s", ".", ")", "so-called"]
    ]
    table = Table(header=("A",), rows=(("-",), ("Dusk",)))
    assert parent("Dusk", "no", table, [Cell(0, 0), Cell(1, 0)], form="totto")[2] == 1 / 2
    assert parent("Dusk", "no", table, [Cell(0, 0), Cell(1, 0)])[2] == pytest.approx(1)


def test_a_cell_of_the_header_may_be_evidence() -> None:
    cells = [Cell(HEADER_ROW, 1), Cell(1, 1)]
    assert parent("Film", "no", TABLE, cells)[2] == pytest.approx(1 / 2)
    assert parent("Film Dusk", "no", TABLE, cells)[2] == pytest.approx(1)
