import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.text.names import names_of, spans_of_names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("In 1914 Ada met Bo Dusk.", ["1914", "Ada", "Bo Dusk"]),
        ("Émile Zola met Édouard Manet.", ["Émile Zola", "Édouard Manet"]),
        ("Later Ðorđe and Čapek left Łódź.", ["Ðorđe", "Čapek", "Łódź"]),
        ("Иван Грозный правил в 1547 году.", ["Иван Грозный", "1547"]),
        ("The crew of 1,250 left Isle of Man.", ["1,250", "Isle of Man"]),
        ("1914 was cold.", ["1914"]),
        ("Nobody came.", []),
        (
            "In Rome. She left with Dr. Bo Dusk of the Old Town.",
            ["Rome", "Dr. Bo Dusk of the Old Town"],
        ),
        ("On January 18, 1974 the U.S. Senate met.", ["January 18, 1974", "U.S. Senate"]),
        ("Born 18 January 1974, died 3 June.", ["18 January 1974", "3 June"]),
        ("When did the May 2004 vote end 5-4?", ["May 2004", "5-4"]),
        ("The Bank of the West paid.", ["Bank of the West"]),
        ("It ran in 2004–05 for J. R. R. Tolkien.", ["2004–05", "J. R. R. Tolkien"]),
        ("He uses an iPhone.", ["iPhone"]),
        ("What Did She Win?", ["Did She Win"]),
        ("who won?", []),
        ("", []),
    ],
)
def test_names_numbers_and_dates(text: str, names: list[str]) -> None:
    assert names_of(text) == names


@given(st.text(max_size=80))
def test_spans_are_in_order_apart_and_not_empty(text: str) -> None:
    end = 0
    for start, stop in spans_of_names(text):
        assert end <= start < stop <= len(text)
        end = stop


@given(st.lists(st.sampled_from(["Ada", "of", "1914", "river", "Émile", "the", "Dr.", "May"])))
def test_every_number_is_found(words: list[str]) -> None:
    text = " ".join(["then", *words])
    assert sum("1914" in name for name in names_of(text)) == words.count("1914")
