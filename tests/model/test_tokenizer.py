import json
from collections.abc import Callable
from pathlib import Path

import pytest
from causal_toys import byte_tokenizer
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import PreTrainedTokenizerFast, T5Tokenizer

from gentap.errors import InputError
from gentap.model.tokenizer import (
    SENTINELS,
    TableTokenizer,
    load_saved_tokenizer,
    load_tokenizer,
    train_vocabulary,
    with_special_tokens,
)
from gentap.records import Table
from gentap.settings.sections import LinearizerSettings
from gentap.tables.linearize import CELL, HEAD, ROW, SPECIAL_TOKENS, TITLE

SETTINGS = LinearizerSettings(max_tokens=80, max_question_tokens=20, max_cell_chars=30)
TABLE = Table(
    title="Bridges of the river",
    header=("Bridge", "Opened"),
    rows=(("northern bridge", "1850"), ("wooden bridge", "1861")),
)
MARKUP = Table(
    title="Elements", header=("Element", "Use"), rows=(("<title>", "name"), ("<row>", "none"))
)


def test_marks_are_single_tokens_of_their_own(tokenizer: TableTokenizer) -> None:
    ids = [tokenizer.hf.convert_tokens_to_ids(mark) for mark in SPECIAL_TOKENS]
    assert len({*ids, tokenizer.hf.unk_token_id}) == len(SPECIAL_TOKENS) + 1
    assert tokenizer.hf.convert_ids_to_tokens(ids) == list(SPECIAL_TOKENS)
    assert tokenizer.hf.batch_decode([ids], skip_special_tokens=True) == [""]


def test_the_learnt_vocabulary_has_t5s_special_ids_and_all_sentinels(tokenizer) -> None:
    hf = tokenizer.hf
    assert (hf.pad_token_id, hf.eos_token_id, hf.unk_token_id) == (0, 1, 2)
    sentinels = [hf.convert_tokens_to_ids(f"<extra_id_{i}>") for i in range(SENTINELS)]
    assert sentinels == list(range(sentinels[0], sentinels[0] - SENTINELS, -1))
    assert len(hf) <= 320
    assert max(hf.get_vocab().values()) == len(hf) - 1


def test_linearized_ids_decode_to_their_marks_and_texts(tokenizer: TableTokenizer) -> None:
    encoded = tokenizer.linearizer.encode("which bridge was opened early?", TABLE)
    tokens = tokenizer.hf.convert_ids_to_tokens(encoded.ids)
    assert [token for token in tokens if token in SPECIAL_TOKENS] == [
        *[TITLE, HEAD, CELL],
        *[ROW, CELL] * 2,
    ]
    assert tokens[-1] == "</s>"
    starts = [place for place, token in enumerate(tokens) if token in SPECIAL_TOKENS]
    stops = [*starts[1:], len(tokens) - 1]
    spans = [encoded.ids[: starts[0]]]
    spans += [encoded.ids[start + 1 : stop] for start, stop in zip(starts, stops, strict=True)]
    assert tokenizer.texts(spans) == [
        "which bridge was opened early?",
        *[TABLE.title, *TABLE.header, *TABLE.rows[0], *TABLE.rows[1]],
    ]


def test_a_cell_that_reads_like_a_mark_is_text(tokenizer: TableTokenizer) -> None:
    ids = tokenizer.linearizer.table_ids(MARKUP)
    tokens = tokenizer.hf.convert_ids_to_tokens(ids)
    assert [token for token in tokens if token in SPECIAL_TOKENS] == [
        TITLE,
        HEAD,
        *[CELL, ROW] * 2,
        CELL,
    ]
    assert tokenizer.texts([tokenizer.target_ids("the <title> tag")]) == ["the <title> tag"]


@given(words=st.lists(st.sampled_from(["river", "Bridge", "1850", "wooden,", "who?"]), max_size=8))
def test_targets_end_once_and_read_back(tokenizer: TableTokenizer, words: list[str]) -> None:
    text = " ".join(words)
    ids = tokenizer.target_ids(text)
    assert ids[-1] == tokenizer.hf.eos_token_id
    assert ids.count(tokenizer.hf.eos_token_id) == 1
    assert tokenizer.texts([[0, *ids, 0, 0]]) == [text]


def test_the_learnt_vocabulary_is_the_same_every_time(tmp_path: Path, texts) -> None:
    for name in ("one", "two"):
        train_vocabulary(iter(texts), 320, SETTINGS).save(tmp_path / name)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two
    assert {"tokenizer.json", "linearizer.json"} <= set(one)


def test_a_vocabulary_that_the_texts_are_too_few_for_is_refused() -> None:
    with pytest.raises(InputError, match=r"vocabulary of 300 pieces.*base\.vocabulary"):
        train_vocabulary([], 300, SETTINGS)


def test_a_saved_tokenizer_keeps_settings_marks_and_ids(tmp_path, tokenizer) -> None:
    tokenizer.save(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    others = LinearizerSettings(max_tokens=512)
    for loaded in (load_saved_tokenizer(tmp_path), load_tokenizer(str(tmp_path), others)):
        assert loaded.settings == tokenizer.settings != others
        assert loaded.hf.get_vocab() == tokenizer.hf.get_vocab()
        for table in (TABLE, MARKUP):
            assert loaded.linearizer.encode("which bridge?", table) == (
                tokenizer.linearizer.encode("which bridge?", table)
            )


def test_a_plain_t5_vocabulary_gets_the_marks_at_its_end(tmp_path: Path) -> None:
    words = ["<pad>", "</s>", "<unk>", "▁", "▁the", "▁bridge", *"abcdefghijklmnopqrstuvwxyz"]
    pieces = [(word, -float(place)) for place, word in enumerate(words)]
    pieces += [(f"<extra_id_{i}>", 0.0) for i in reversed(range(SENTINELS))]
    plain = T5Tokenizer(vocab=pieces, extra_ids=SENTINELS)
    before = dict(plain.get_vocab())
    plain.save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    loaded = load_tokenizer(str(tmp_path), SETTINGS)
    assert loaded.settings == SETTINGS
    added = {mark: len(before) + place for place, mark in enumerate(SPECIAL_TOKENS)}
    assert loaded.hf.get_vocab() == {**before, **added}
    assert loaded.target_ids("the bridge") == [4, 5, 1]
    again = with_special_tokens(loaded.hf, SETTINGS)
    assert again.hf.get_vocab() == {**before, **added}
    loaded.save(tmp_path / "saved")
    assert load_saved_tokenizer(tmp_path / "saved").hf.get_vocab() == {**before, **added}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"max_tokens": "many"}', '{"max_tokens": 64, "tokens": 1}']
)
def test_corrupt_linearizer_settings_are_named(tmp_path, tokenizer, content) -> None:
    tokenizer.save(tmp_path)
    (tmp_path / "linearizer.json").write_text(content)
    with pytest.raises(InputError) as caught:
        load_saved_tokenizer(tmp_path)
    assert str(tmp_path / "linearizer.json") in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", "{}"])
def test_a_corrupt_tokenizer_file_is_named(tmp_path, tokenizer, content) -> None:
    tokenizer.save(tmp_path)
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(InputError) as caught:
        load_saved_tokenizer(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_folders_that_hold_no_model_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, message in {"empty": "no config.json", "nowhere": "no such model folder"}.items():
        with pytest.raises(InputError, match=message) as caught:
            load_tokenizer(str(tmp_path / name), SETTINGS)
        assert str(tmp_path / name) in str(caught.value)


def test_a_checkpoint_without_tokenizer_files_is_named(stock_folder: Callable[..., Path]) -> None:
    folder = stock_folder()
    with pytest.raises(InputError) as caught:
        load_tokenizer(str(folder), SETTINGS)
    assert str(folder) in str(caught.value)


def test_settings_are_saved_as_plain_json(tmp_path: Path, tokenizer: TableTokenizer) -> None:
    tokenizer.save(tmp_path)
    assert json.loads((tmp_path / "linearizer.json").read_text()) == {
        "max_tokens": 64,
        "max_question_tokens": 16,
        "max_cell_chars": 40,
    }


def test_a_bpe_tokenizer_gets_the_marks_and_keeps_its_ids(bart_folder, bart_tokenizer) -> None:
    from transformers import AutoTokenizer

    plain = AutoTokenizer.from_pretrained(bart_folder)
    marks = {mark: len(plain) + place for place, mark in enumerate(SPECIAL_TOKENS)}
    assert bart_tokenizer.hf.get_vocab() == {**plain.get_vocab(), **marks}
    assert (
        bart_tokenizer.target_ids("who opened the bridge?")
        == plain("who opened the bridge?").input_ids
    )
    assert bart_tokenizer.texts([[2, *bart_tokenizer.target_ids("a <title>, a </s>"), 1, 1]]) == [
        "a <title>, a </s>"
    ]


def test_names_stand_in_a_bart_table_as_they_stand_in_its_sentences(bart_tokenizer) -> None:
    encoded = bart_tokenizer.linearizer.encode("which bridge?", MARKUP)
    tokens = bart_tokenizer.hf.convert_ids_to_tokens(encoded.ids)
    assert (tokens[0], tokens[-1]) == ("<s>", "</s>")
    assert [token for token in tokens if token in SPECIAL_TOKENS] == [
        TITLE,
        HEAD,
        *[CELL, ROW] * 2,
        CELL,
    ]
    follow = [tokens[place + 1] for place, token in enumerate(tokens) if token in SPECIAL_TOKENS]
    assert all(token.startswith("Ġ") for token in follow)
    sentence = bart_tokenizer.hf.tokenize("It is the northern bridge.")
    cell = bart_tokenizer.linearizer.table_ids(TABLE)
    assert "Ġbridge" in sentence
    assert "Ġbridge" in bart_tokenizer.hf.convert_ids_to_tokens(cell)


@given(budget=st.integers(64, 120))
def test_bart_inputs_keep_within_the_budget(bart_tokenizer, budget: int) -> None:
    settings = LinearizerSettings(max_tokens=budget, max_question_tokens=16)
    tokenizer = with_special_tokens(bart_tokenizer.hf, settings)
    table = Table(header=("a", "b"), rows=(("river bridge", "castle"),) * 40)
    for question in ("who?", "which northern bridge of the village " * 5):
        ids = tokenizer.linearizer.encode(question, table).ids
        assert budget - 16 < len(ids) <= budget


def test_a_saved_bart_tokenizer_comes_back(tmp_path: Path, bart_tokenizer) -> None:
    bart_tokenizer.save(tmp_path)
    loaded = load_saved_tokenizer(tmp_path)
    assert loaded.hf.get_vocab() == bart_tokenizer.hf.get_vocab()
    for table in (TABLE, MARKUP):
        assert loaded.linearizer.encode("which?", table) == (
            bart_tokenizer.linearizer.encode("which?", table)
        )
    assert loaded.target_ids("the bridge") == bart_tokenizer.target_ids("the bridge")


def test_more_tokens_than_a_bart_has_positions_for_are_refused(bart_folder: Path) -> None:
    with pytest.raises(InputError, match=r"at most 64 tokens; linearizer\.max_tokens is 65"):
        load_tokenizer(str(bart_folder), LinearizerSettings(max_tokens=65, max_question_tokens=16))


def test_a_decoder_only_model_s_inputs_end_with_words_that_ask() -> None:
    tokenizer = byte_tokenizer(LinearizerSettings(max_tokens=96, max_question_tokens=32))
    table = Table(header=("Year", "Film"), rows=(("2004", "Dawn"), ("2005", "Dusk")))
    asked = tokenizer.linearizer.encode("which film is from 2005?", table)
    assert tokenizer.hf.decode(asked.ids).endswith("Dusk\nAnswer:")
    assert len(asked.ids) <= 96
    pieces = [("<sentence>", "Dusk is from 2005." * 20)]
    source = tokenizer.linearizer.mark_texts(pieces)
    assert tokenizer.hf.decode(source).endswith("\nQuestion:")
    target = tokenizer.linearizer.mark_texts(pieces, target=True)
    assert len(source) == len(target) == 96
    assert target[-1] == tokenizer.target_ids("Dusk")[-1] == tokenizer.hf.eos_token_id


def test_a_vocabulary_that_can_t_ask_ends_inputs_with_its_end_token() -> None:
    inner = Tokenizer(WordLevel({"<unk>": 0, "</s>": 1, "film": 2, "Dusk": 3}, unk_token="<unk>"))
    inner.pre_tokenizer = Whitespace()
    hf = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>", unk_token="<unk>")
    tokenizer = with_special_tokens(hf, LinearizerSettings(), causal=True)
    table = Table(header=("film",), rows=(("Dusk",),))
    assert tokenizer.linearizer.encode("film", table).ids[-1] == 1
