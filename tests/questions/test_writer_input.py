from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.errors import InputError
from gentap.questions.writer_input import (
    TAGS,
    Entry,
    Layout,
    WriterInput,
    gather,
    load_layout,
    mined_sources,
    question_pieces,
    save_layout,
    source_pieces,
    tagged_texts,
)
from gentap.records import Mined, NamedCell, Table

PLAIN, TAGGED = Layout(tags=False), Layout(tags=True)
CANAL = WriterInput(
    title="Suez Canal",
    sentence="Ferdinand de Lesseps opened the canal in 1869.",
    entries=(Entry("1869", "year"), Entry("Ferdinand de Lesseps")),
)


def shown(pieces: list[tuple[str, str]]) -> str:
    return " ".join(part for piece in pieces for part in piece if part)


def test_the_module_s_examples() -> None:
    assert shown(source_pieces(CANAL, PLAIN)) == (
        "<title> Suez Canal <head> year <entry> 1869 <entry> Ferdinand de Lesseps <sentence> "
        "Ferdinand de Lesseps opened the canal in 1869."
    )
    assert shown(source_pieces(CANAL, TAGGED)) == (
        "<title> <extra_id_0> Suez Canal <head> year <entry> <extra_id_1> 1869 <entry> "
        "<extra_id_2> Ferdinand de Lesseps <sentence> <extra_id_2> opened the canal in "
        "<extra_id_1> ."
    )
    question = "When did Ferdinand de Lesseps open the canal?"
    assert question_pieces(question, CANAL, PLAIN) == [("", question)]
    assert question_pieces(question, CANAL, TAGGED) == [
        ("", "When did"),
        ("<extra_id_2>", "open the canal?"),
    ]


def test_what_a_writer_has_not_seen_is_left_out() -> None:
    source = replace(CANAL, section="History")
    assert "<section> History" in shown(source_pieces(source, PLAIN))
    assert "<section>" not in shown(source_pieces(source, Layout(sections=False)))
    assert "<head>" not in shown(source_pieces(source, Layout(heads=False)))
    assert shown(source_pieces(source, Layout(max_entries=1))).count("<entry>") == 1
    assert "<title>" not in shown(source_pieces(replace(source, title=""), PLAIN))


def test_tags_stand_for_whole_words_the_longest_first() -> None:
    source = WriterInput(
        title="United",
        sentence="Home United beat Uniteds and United in 190 and 1901.",
        entries=(Entry("Home United"), Entry("190"), Entry("United")),
    )
    assert shown(source_pieces(source, TAGGED)) == (
        "<title> <extra_id_0> United <entry> <extra_id_1> Home United <entry> <extra_id_2> 190 "
        "<entry> <extra_id_0> United <sentence> <extra_id_1> beat Uniteds and <extra_id_0> in "
        "<extra_id_2> and 1901."
    )


TEXTS = st.text(st.sampled_from("aA1 .(é"), max_size=12)


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=4), TEXTS, TEXTS)
def test_tags_can_always_be_undone(
    title: str, entries: list[str], sentence: str, question: str
) -> None:
    source = WriterInput(
        title=title, sentence=sentence, entries=tuple(Entry(text) for text in entries)
    )
    pieces = source_pieces(source, TAGGED)
    texts = tagged_texts(pieces)
    place = [mark for mark, _ in pieces].index("<sentence>")
    for text, said in (
        (sentence, pieces[place:]),
        (question, question_pieces(question, source, TAGGED)),
    ):
        back = " ".join(part for mark, rest in said for part in (texts.get(mark, ""), rest))
        assert "".join(back.split()) == "".join(text.split())


def test_entries_are_the_evidence_then_the_other_names() -> None:
    sentence = "In 1914 Émile Zola met Bo Dusk of Home United in Rome."
    start = sentence.index("Bo Dusk")
    found = gather(sentence, [(start, start + 7, "Name"), (3, 7, "")], 8)
    assert found == (
        Entry("Bo Dusk", "Name"),
        Entry("1914"),
        Entry("Émile Zola"),
        Entry("Rome"),
    )
    assert gather(sentence, [(start, start + 7, "Name")], 2) == (
        Entry("Bo Dusk", "Name"),
        Entry("1914"),
    )
    assert gather("", [], 8) == ()


SENTENCE = "Ada Dawn won in 1914, Bo Dusk in 1915."
CELLS = [(0, 0, "Ada Dawn"), (0, 1, "1914"), (1, 0, "Bo Dusk"), (1, 1, "1915")]
MINED = Mined(
    id="m1",
    sentence=SENTENCE,
    url="https://pages.example/1",
    table=Table(
        title="Cups",
        section="Winners",
        header=("Name", "Year"),
        rows=(("Ada Dawn", "1914"), ("Bo Dusk", "1915")),
    ),
    row=1,
    cells=tuple(
        NamedCell(row, column, SENTENCE.index(text), SENTENCE.index(text) + len(text))
        for row, column, text in CELLS
    ),
)


def test_a_mined_sentence_asks_for_a_cell_of_its_row() -> None:
    drawn = [mined_sources(MINED, seed, 1, 8) for seed in range(20)]
    assert drawn == [mined_sources(MINED, seed, 1, 8) for seed in range(20)]
    rest = (Entry("Ada Dawn"), Entry("1914"))  # of a row that it does not tell
    own = (Entry("Bo Dusk", "Name"), Entry("1915", "Year"))
    found = {source.entries for sources in drawn for source in sources}
    assert found == {(*own, *rest), (*own[::-1], *rest)}
    assert all((len(one), one[0].title, one[0].section) == (1, "Cups", "Winners") for one in drawn)


def test_the_cells_of_all_rows_told_are_given_and_those_of_one_column_asked_for() -> None:
    both = replace(MINED, further=(0,))
    names = (Entry("Bo Dusk", "Name"), Entry("Ada Dawn", "Name"))
    years = (Entry("1915", "Year"), Entry("1914", "Year"))
    found = {
        (source.entries, source.asked)
        for seed in range(20)
        for source in mined_sources(both, seed, 1, 8)
    }
    assert found == {((*names, *years), 2), ((*years, *names), 2)}
    (short,) = mined_sources(both, 1, 1, 1)
    assert (len(short.entries), short.asked) == (1, 1)


def test_a_column_is_asked_for_of_which_all_rows_told_have_a_cell_named() -> None:
    names_alone = replace(MINED, further=(0,), cells=(MINED.cells[0], *MINED.cells[2:]))
    for seed in range(20):
        (source,) = mined_sources(names_alone, seed, 1, 8)
        assert [entry.text for entry in source.entries[:2]] == ["Bo Dusk", "Ada Dawn"]
        assert source.asked == 2
    twice = replace(MINED, further=(0,), cells=tuple(replace(c, row=1) for c in MINED.cells[:2]))
    assert {one.asked for one in mined_sources(twice, 1, 0, 8)} == {1}


def test_all_cells_of_the_row_are_asked_for_in_turn() -> None:
    for asked in (0, 2, 5):
        found = mined_sources(MINED, 1, asked, 8)
        assert {source.entries[0].text for source in found} == {"Bo Dusk", "1915"}
        assert len(found) == 2


def test_a_sentence_that_names_no_cell_of_its_row_gives_no_source() -> None:
    assert mined_sources(replace(MINED, cells=()), 1, 0, 8) == []
    assert mined_sources(replace(MINED, cells=MINED.cells[:2]), 1, 0, 8) == []
    assert mined_sources(replace(MINED, sentence="", cells=(NamedCell(1, 0, 0, 0),)), 1, 0, 8) == []


def test_a_value_in_two_cells_at_one_place_is_one_entry() -> None:
    twice = replace(
        MINED, cells=(*MINED.cells, NamedCell(1, 1, SENTENCE.index("Bo"), SENTENCE.index("Bo") + 7))
    )
    for source in mined_sources(twice, 3, 0, 8):
        texts = [entry.text for entry in source.entries]
        assert len(texts) == len(set(texts)) == 4


def test_a_writer_s_layout_is_kept_in_its_folder(tmp_path: Path) -> None:
    assert load_layout(str(tmp_path)) == Layout()
    save_layout(Layout(max_entries=3, tags=True, sections=False), tmp_path)
    assert load_layout(str(tmp_path)) == Layout(max_entries=3, tags=True, sections=False)
    for text in ('{"marks": 1}', "[]", '{"tags": "yes"}', '{"max_entries": 0}', "{"):
        (tmp_path / "writer.json").write_text(text)
        with pytest.raises(InputError, match=r"writer\.json: "):
            load_layout(str(tmp_path))


def test_there_are_tags_for_all_entries_and_the_title() -> None:
    many = replace(CANAL, entries=tuple(Entry(f"name {number}") for number in range(64)))
    pieces = source_pieces(many, Layout(tags=True, max_entries=64))
    assert len(tagged_texts(pieces)) == 65 < len(TAGS)
