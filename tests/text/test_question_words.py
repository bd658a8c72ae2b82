import pytest

from gentap.text.question_words import WORD_KINDS, question_word


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("In what year did she win?", "what"),
        ("Whose film is it, and when was it made?", "who"),
        ("How many films?", "how many"),
        ("How much did they earn", "how many"),
        ("How did it end?", "how"),
        ("HOW", "how"),
        ("Did she win?", "none"),
        ("The show ended somehow; whatever.", "none"),
        ("", "none"),
        ("?!", "none"),
    ],
)
def test_the_question_word_is_the_first_one_there_is(question: str, word: str) -> None:
    assert question_word(question) == word
    assert question_word(question) in WORD_KINDS
