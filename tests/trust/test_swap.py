from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.records import Cell, Example, Table
from gentap.trust.swap import swap
from gentap.trust.word_lists import WordList, find_word_list, read_word_list

ENGLISH = read_word_list(find_word_list("english"))
GERMAN = read_word_list(find_word_list("german"))


def made(question: str, *cells: str, answer: str = "", title: str = "") -> Example:
    return Example(
        id="q",
        kind="long",
        origin="annotated",
        question=question,
        answer=answer,
        table=Table(title=title, header=("Who",), rows=tuple((cell,) for cell in cells)),
        cells=(Cell(0, 0),) if cells else (),
        source="a.jsonl",
    )


def told(question: str, *cells: str, words: WordList = ENGLISH) -> str:
    """The question in its copy; one that has none stays."""
    found = swap(made(question, *cells, title="Mary, Anna"), words)
    return question if found is None else found.copy.question


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("When did Mary win her first title?", "When did Mark win his first title?"),
        ("Who gave her an award?", "Who gave him an award?"),
        ("Did he make her famous?", "Did she make him famous?"),
        ("What helped her win?", "What helped him win?"),
        ("How did she make her debut?", "How did he make his debut?"),
        ("What was her 2005 film?", "What was his 2005 film?"),
        ('Who sang her "Halo"?', 'Who sang his "Halo"?'),
        ("Was it hers, and by herself?", "Was it his, and by himself?"),
        ("Was it his?", "Was it hers?"),
        ("Who saw his wife with him?", "Who saw her husband with her?"),
        ("WHO WAS HIS AUNT?", "WHO WAS HER UNCLE?"),
        ("Which leading lady did he meet?", "Which leading man did she meet?"),
        ("Is an earl a countess?", "Is a countess an earl?"),
        ("Her mum and his dad", "His dad and her mom"),
        ("Who won best actress?", "Who won best actor?"),
    ],
)
def test_pronouns_and_words_go_by_what_stands_beside_them(before: str, after: str) -> None:
    assert told(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("George Michael sang.", "Georgina Michael sang."),
        ("Did Stephen King write it?", "Did Stephanie King write it?"),
        ("In John's film", "In Jane's film"),
        ("When John F. Kennedy met Queen Anne", "When Jane F. Kennedy met King Hugh"),
        ("Young Prince Derek", "Young Princess Diane"),
        ("She saw Susie O'Neil.", "He saw Scottie O'Neil."),
        ("Who won the Tony Award?", "Who won the Tony Award?"),
        ("Is St. John on Lake George?", "Is St. John on Lake George?"),
        ("The Los Angeles Kings", "The Los Angeles Kings"),
        ("the Isle of Man", "the Isle of Man"),
        ("a mark of 9 for the NED team", "a mark of 9 for the NED team"),
    ],
)
def test_names_are_told_from_surnames_places_and_things(before: str, after: str) -> None:
    assert told(before) == after


def test_a_surname_stays_wherever_the_example_has_it_alone() -> None:
    found = swap(made("What did Michael sing?", "George Michael", "Michael Bolt"), ENGLISH)
    assert found is not None
    assert found.copy.question == "What did Michael sing?"
    assert found.copy.table.rows == (("Georgina Michael",), ("Michelle Bolt",))


def test_a_word_of_a_title_stays_in_small_letters_too() -> None:
    found = swap(made("Did Ann record Lonely boy?", "Lonely Boy"), ENGLISH)
    assert found is not None
    assert found.copy.question == "Did Ian record Lonely boy?"
    assert found.copy.table.rows == (("Lonely Boy",),)


def test_a_name_without_its_capital_goes_with_the_others() -> None:
    assert told("who did mark lind meet", "Mark Lind") == "who did mary lind meet"
    assert told("who will mark lines", "Ann Lind") == "who will mark lines"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Wann gewann sie ihren Titel?", "Wann gewann er seinen Titel?"),
        ("Wann gewannen sie den Titel?", "Wann gewannen sie den Titel?"),
        ("Wer spielte für sie?", "Wer spielte für ihn?"),
        ("Wer hat mit ihr gespielt?", "Wer hat mit ihm gespielt?"),
        ("Was war ihr erster Film?", "Was war sein erster Film?"),
        ("Was soll er sein?", "Was soll sie sein?"),
        ("Was war sein letztes Spiel?", "Was war ihr letztes Spiel?"),
        ("Wer war seine Mutter?", "Wer war ihr Vater?"),
        ("Die Schauspielerin Anna Lind", "Der Schauspieler Achim Lind"),
        ("mit einer Sängerin", "mit einem Sänger"),
        ("Annas Film", "Achims Film"),
        ("die Töchter", "die Söhne"),
        ("Welche Spieler kamen?", "Welche Spielerinnen kamen?"),
        ("Die Spielerinnen kamen mit den Trainerinnen", "Die Spieler kamen mit den Trainern"),
        ("bei den Frauen", "bei den Männern"),
        ("Seit wann leitet der neue Professor das?", "Seit wann leitet die neue Professorin das?"),
        ("die jüngste Olympiasiegerin", "der jüngste Olympiasieger"),
        ("Frau Dr. Hagen und ihre Frau Anna", "Herr Dr. Hagen und sein Mann Achim"),
        ("zur Kanzlerin", "zum Kanzler"),
        ("Karl wurde zum Präsidenten", "Karin wurde zur Präsidentin"),
        ("das Porträt des Kaisers", "das Porträt der Kaiserin"),
        ("der Sohn der Gründerin", "die Tochter vom Gründer"),
        ("der Film, in dem Klaus Wendt spielt", "der Film, in dem Katja Wendt spielt"),
        ("Mit welcher Sängerin?", "Mit welchem Sänger?"),
        ("Was weiß man über die Mutter?", "Was weiß man über den Vater?"),
    ],
)
def test_german_pronouns_and_articles(before: str, after: str) -> None:
    assert told(before, words=GERMAN) == after


def test_pronouns_alone_make_no_copy() -> None:
    """Who is meant has a name that no list holds, and would keep it."""
    assert swap(made("When did she win?", "Brünhild Lind"), ENGLISH) is None
    assert swap(made("When did it win?", "Brünhild Lind"), ENGLISH) is None
    assert swap(made("When did she win?", title="Women's final"), ENGLISH) is not None


def test_all_texts_are_told_alike_and_the_evidence_stays() -> None:
    example = Example(
        id="q1",
        kind="cell",
        origin="grammar",
        question="Who is the mother of John Lind?",
        answer="Mary Lind",
        table=Table(
            title="John Lind",
            section="His family",
            caption="By Mary",
            header=("Mother", "Born"),
            rows=(("Mary Lind", "1950"), ("Ann Lind", "1920")),
        ),
        cells=(Cell(0, 0),),
        source="https://a.example/john",
        alternatives=("Mary",),
        canonical="mary lind",
        section_text="She is the wife of John.",
    )
    found = swap(example, ENGLISH)
    assert found is not None
    copy = found.copy
    assert copy.question == "Who is the father of Jane Lind?"
    assert (copy.answer, copy.alternatives, copy.canonical) == ("Mark Lind", ("Mark",), "mark lind")
    assert copy.section_text == "He is the husband of Jane."
    assert (copy.table.title, copy.table.section) == ("Jane Lind", "Her family")
    assert copy.table.caption == "By Mark"
    assert copy.table.header == ("Father", "Born")
    assert copy.table.rows == (("Mark Lind", "1950"), ("Ian Lind", "1920"))
    assert copy.table.text_at(copy.cells[0]) == copy.answer
    assert (copy.id, copy.source) == ("q1-swapped", example.source)
    assert found.group is None  # the question names both
    assert found.rewrite("Mary, it is said.") == "Mark, it is said."


@pytest.mark.parametrize(
    ("question", "group"), [("Did Ann win?", 0), ("Did he win?", 1), ("Who beat whom?", None)]
)
def test_the_group_is_that_of_question_and_answer(question: str, group: int | None) -> None:
    found = swap(made(question, "Ann", title="John Lind"), ENGLISH)
    assert found is not None
    assert found.group == group


PAIRED = sorted(
    word for word, one in ENGLISH.counterparts.items() if one.kind == "names" and len(word) > 3
)
named = st.builds("{} {}".format, st.sampled_from(PAIRED).map(str.title), st.just("Lind"))


@given(st.lists(named, min_size=1, max_size=4), st.sampled_from(["Did {} win?", "{} won."]))
def test_a_copy_of_a_copy_is_the_original(names: list[str], said: str) -> None:
    example = made(said.format(names[0]), *names)
    first = swap(example, ENGLISH)
    assert first is not None
    assert first.copy.table.rows != example.table.rows
    again = swap(first.copy, ENGLISH)
    assert again is not None
    assert (again.copy.question, again.copy.table) == (example.question, example.table)
    distinct = len({row[0] for row in first.copy.table.rows})
    assert distinct == len(set(names))  # nobody becomes somebody else of the example


def test_a_list_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    path.write_text('groups = ["a", "b"]\n[names]\nEmma = "Ayşe"\n', encoding="utf-8")
    words = read_word_list(path)
    assert told("Did Emma see her?", words=words) == "Did Ayşe see her?"
