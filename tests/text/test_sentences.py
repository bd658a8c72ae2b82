import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gentap.text.sentences import (
    BOILERPLATE,
    REFERENCE,
    rejection_reason,
    sentence_spans,
    split_sentences,
)

PROSE = st.lists(
    st.sampled_from(
        [
            "It won",
            "Dr",
            "vol",
            "No",
            "approx",
            "3",
            ".",
            "?",
            "!",
            " ",
            "  ",
            "\n",
            "\n\n",
            "\r\n",
            "(",
            ")",
            '"',
            "”",
            "é",
            "e\u0301",
            "…",
            "ﬁn",
            "电影。",
            "U.S.",
            "p.m.",
            "\u2029",
        ]
    ),
    max_size=25,
).map("".join)


@settings(max_examples=100, deadline=None)
@given(PROSE | st.text(max_size=60))
@example("")
@example("   ")
@example("Ended in vol. ")
def test_spans_cover_the_text_in_order_without_overlap(text: str) -> None:
    spans = list(sentence_spans(text))
    assert "".join(text[start:end] for start, end in spans) == text
    ends = [0, *(end for _, end in spans)]
    assert [start for start, _ in spans] == ends[:-1]
    assert all(start < end for start, end in spans)


@settings(max_examples=60, deadline=None)
@given(PROSE)
def test_sentences_keep_all_words_in_order_and_have_single_spaces(text: str) -> None:
    sentences = list(split_sentences(text))
    assert all(sentence == " ".join(sentence.split()) != "" for sentence in sentences)
    letters = "".join("".join(sentences).split())
    assert letters == "".join(text.replace("e\u0301", "é").split())


@pytest.mark.parametrize(
    "sentence",
    [
        "He met Dr. Smith and Mrs. Jones in St. Louis.",
        "The ship was approx. 50 m long.",
        "Approx. Sixty people came.",
        "It is told in vol. Two of the series.",
        "The act (feat. Ada Dawn) won.",
        "She left in Sept. 1914 with Lt. Dusk.",
        "The U.S. team won at 5 p.m. on Monday.",
        "No. 7 was hers.",
    ],
)
def test_an_abbreviation_ends_no_sentence(sentence: str) -> None:
    text = f"It rained. {sentence} It stopped."
    assert list(split_sentences(text)) == ["It rained.", sentence, "It stopped."]


def test_questions_and_exclamations_end_sentences() -> None:
    text = "Who won? She did! It was “Dawn.” Nobody knew…"
    assert list(split_sentences(text))[:2] == ["Who won?", "She did!"]


def test_footnote_marks_go_and_spaces_collapse() -> None:
    text = "Dawn[1] won\n in[a]  1914.[note 2][citation needed] [Sic] stays."
    assert list(split_sentences(text)) == ["Dawn won in 1914.", "[Sic] stays."]


def test_decomposed_letters_become_one() -> None:
    assert list(split_sentences("Re\u0301union is an i\u0302le.")) == ["Réunion is an île."]


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("She won it.", "sentence too short"),
        ("She won it" + " again" * 20 + ".", "sentence too long"),
        ("", "sentence too short"),
        ("She won the prize twice in Rome", "no end of sentence"),
        ("She won the prize twice in Rome:", "no end of sentence"),
        ("and won the prize twice in Rome.", "no start of sentence"),
        ("— won the prize twice in Rome.", "no start of sentence"),
        ("She won the prize | twice in Rome.", "list or markup debris"),
        ("She won the prize, see https://example.org today.", "reference"),
        ("She won the {{prize}} twice in Rome.", "list or markup debris"),
        ("Retrieved from Rome twice in one year.", "reference"),
        ("Won 12-3 14-5 16-7 18-9 20-11 22-13 24-15.", "mostly not letters"),
        ("She won the prize twice in Rome.", None),
        ("“She won the prize twice,” he said (in Rome.)", None),
        ("1914 was the year in which she won!", None),
        ("(Did she win the prize in Rome?", None),
    ],
)
def test_why_a_sentence_is_unfit(sentence: str, reason: str | None) -> None:
    assert rejection_reason(sentence, min_words=5, max_words=20) == reason


def test_the_limits_of_length_are_inclusive() -> None:
    five = "She won it in Rome."
    assert rejection_reason(five, 5, 5) is None
    assert rejection_reason(five, 6, 9) == "sentence too short"
    assert rejection_reason(five, 1, 4) == "sentence too long"


@pytest.mark.parametrize(
    ("letters", "pattern"), [*REFERENCE.items(), *BOILERPLATE.items()], ids=lambda part: part[:12]
)
@given(st.data())
@settings(max_examples=20)
def test_no_pattern_is_found_without_its_letters(
    letters: str, pattern: str, data: st.DataObject
) -> None:
    assert letters in data.draw(st.from_regex(pattern.replace(r"\b", "")))


@pytest.mark.parametrize(
    "text",
    [
        "He won on Jeopardy! in 2004.",
        "She left Yahoo! and went to Rome.",
        "Who Framed Roger Rabbit? was a hit.",
        "They made Help! (1965) and Tommy.",
        "He wrote Mamma Mia! – a musical.",
        "She sang in Oliver!, a musical.",
        "Panic! at the Disco played.",
        "He sang Oh! What a Night in 1963.",
        "She wrote the score of Oh! Calcutta for them.",
        "They met at Hello! Magazine in Madrid.",
        "He played in Goodbye! My Fancy and left.",
    ],
)
def test_a_sentence_goes_on_after_the_sign_of_a_name(text: str) -> None:
    assert list(split_sentences(f"{text} Then it rained.")) == [text, "Then it rained."]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Did she? Yes, she did.", ["Did she?", "Yes, she did."]),
        ("Sales rose! iPhones sold too.", ["Sales rose!", "iPhones sold too."]),
        ("Why? (Nobody said.)", ["Why?", "(Nobody said.)"]),
        ("Stop! 12 came.", ["Stop!", "12 came."]),
        ("She won! “It is mine,” she said.", ["She won!", "“It is mine,” she said."]),
        ("Rome fell! É vero.", ["Rome fell!", "É vero."]),
        ("Oh! What a night it was.", ["Oh!", "What a night it was."]),
        ("She said hello! Then she left.", ["She said hello!", "Then she left."]),
        ("It was she: Oh! How she sang.", ["It was she: Oh!", "How she sang."]),
        ("They all said Wow! The crowd left.", ["They all said Wow!", "The crowd left."]),
    ],
)
def test_a_sign_ends_a_sentence_where_another_may_begin(text: str, parts: list[str]) -> None:
    assert list(split_sentences(text)) == parts


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Mamma Mia! Here We Go Again", "In 2018 she sang in {}."),
        ("Oh! What a Lovely War", "{} opened in 1963."),
        ("Who Is It? And Why", "Her film {} won."),
        ("Mrs. Lee v. The State", "The case of {} was heard."),
        ("E. T. Is Here", "They saw {} twice."),
        ("Stop! Look! Listen!", "The revue {} ran for a year."),
    ],
)
def test_no_sentence_ends_within_a_name_that_is_known(name: str, text: str) -> None:
    paragraph = f"It rained. {text.format(name)} Then it stopped."
    start = paragraph.index(name)
    spans = sentence_spans(paragraph, [(start, start + len(name))])
    found = [paragraph[first:last].strip() for first, last in spans]
    assert found == ["It rained.", text.format(name), "Then it stopped."]
