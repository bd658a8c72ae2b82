import pytest

from gentap.mining.longer_names import next_of_name, says_word


@pytest.mark.parametrize(
    ("value", "rest", "word"),
    [
        ("Union", " Pacific ran.", "Pacific"),
        ("Union", " Pacific's train ran.", "Pacific"),
        ("Rocky", " II was shown.", "II"),
        ("Henry", " V reigned.", "V"),
        *[
            ("Union", rest, "")
            for rest in (" ran.", ", Pacific", "'s Pacific", " 2", "", " (Rome)")
        ],
        *[("Union", f" {word} ran.", "") for word in ("FC", "F.C.", "Club", "University", "May")],
        ("union", " Pacific ran.", ""),
        ("1914", " Pacific ran.", ""),
        ("Kansas State", " Fair opened.", ""),
    ],
)
def test_the_word_by_which_a_name_goes_on(value: str, rest: str, word: str) -> None:
    text = f"Then {value}{rest}"
    end = 5 + len(value)
    assert next_of_name(text, 5, end, len(text)) == word
    assert next_of_name(text, 5, end, end) == ""


def test_a_word_is_said_as_a_whole_in_any_case() -> None:
    assert says_word(["Union (Berlin)", "Rome"], "berlin")
    assert says_word(["union\nBERLIN"], "Berlin")
    assert not says_word(["Berliner", "Rome"], "Berlin")
    assert not says_word([], "Berlin")
