import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gentap.text.normal_form import fold, is_placeholder, match_form, normal_form, normal_forms

pieces = st.sampled_from(
    [
        "Oslo",
        "ﬁlm",
        "Ⅳ",
        "km²",
        "[1]",
        "［2］",
        "[note\u00a03]",
        "[a]",
        " ",
        "\u3000",
        "“",
        "‑",
        "−",
    ]
)


@given(st.text() | st.lists(pieces).map("".join))
@example("[note\u00a01]")
@example("Straße")
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    assert normal_form(normal_form(text)) == normal_form(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("  Oslo\n\t City ", "oslo city"),
        ("Oslo[1]", "oslo"),
        ("Oslo[12][b] [citation needed]", "oslo"),
        ("1,234[note 1]", "1,234"),
        ("Oslo[Note\u00a02]", "oslo"),
        ("[draft] Oslo", "[draft] oslo"),
        ("[1984]", "[1984]"),
        ("“Dusk” and ‘Dawn’", "\"dusk\" and 'dawn'"),
        ("−5", "-5"),
        ("ﬁlm Ⅳ", "film iv"),
        ("ÉCOLE", "école"),
        ("ΟΔΟΣ", "οδοσ"),
        ("", ""),
    ],
)
def test_the_normal_form(text: str, form: str) -> None:
    assert normal_form(text) == form


@given(st.text())
@example("Straße")
@example("İstanbul")
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert [fold(letter) for letter in text] == list(fold(text))


@given(st.text(max_size=20))
@example("the ﬁlm “Dawn”")
@example("½ of İstanbul")
@example("0¼")
@example("10⁸ km²")
def test_a_matched_sentence_knows_where_its_characters_came_from(sentence: str) -> None:
    form, places = match_form(sentence)
    origins = range(len(form)) if places is None else places
    assert len(form) == len(origins)
    assert list(origins) == sorted(origins)
    for letter, place in zip(form, origins, strict=True):
        put_in = letter in " ^" and place > 0 and sentence[place - 1].isdecimal()
        assert put_in or letter in match_form(sentence[place])[0]


@given(st.text(st.characters(codec="ascii", exclude_characters="[]")))
def test_plain_text_has_the_same_form_in_a_cell_and_in_a_sentence(text: str) -> None:
    form, places = match_form(text)
    assert " ".join(form.split()) == normal_form(text)
    assert places is None


@pytest.mark.parametrize(
    "text", ["", "  ", "-", "–", "—", "N/A", "TBD", "…", "Unknown", "[1]", "?", "−"]
)
def test_a_cell_that_says_nothing_is_a_placeholder(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["0", "no", "nobody", "Nilsson", "X-ray", "1"])
def test_a_cell_that_says_something_is_no_placeholder(text: str) -> None:
    assert not is_placeholder(text)


@given(st.lists(st.text(max_size=12) | st.sampled_from(["Oslo[1]", " A  b\x1f", "Ⅳ", "[a]"])))
def test_many_texts_have_the_forms_that_each_has(texts: list[str]) -> None:
    assert normal_forms(texts) == [normal_form(text) for text in texts]
