import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gentap.errors import InputError, SettingError
from gentap.questions.writer_input import WriterInput
from gentap.questions.writers import ctranslate2_writer as fast
from gentap.questions.writers.ctranslate2_writer import PROBES, CTranslate2Writer, convert
from gentap.questions.writers.interface import Unwritten
from gentap.questions.writers.transformers_writer import TransformersWriter
from gentap.settings.question_sections import WriteSettings

ctranslate2 = pytest.importorskip("ctranslate2")
FP32: dict[str, Any] = {"precision": "fp32", "max_question_tokens": 12, "threads": 2}


def made(**settings: Any) -> WriteSettings:
    return WriteSettings(**{**FP32, "backend": "ctranslate2", **settings})


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("beams", [1, 4])
def test_fast_questions_are_those_of_transformers(
    make_writer: Callable[..., Path],
    tmp_path: Path,
    sources: list[WriterInput],
    tied: bool,
    beams: int,
) -> None:
    folder = make_writer(tmp_path / "model", tied=tied)
    settings = made(beams=beams)
    wanted = TransformersWriter(str(folder), settings).write(sources, 1)
    found = CTranslate2Writer(str(folder), settings, tmp_path).write(sources, 1)
    for one, other in zip(found, wanted, strict=True):
        assert not isinstance(one, Unwritten)
        assert not isinstance(other, Unwritten)
        assert [written.question for written in one] == [written.question for written in other]
        for a, b in zip(one, other, strict=True):
            assert a.score == pytest.approx(b.score, abs=5e-3)


@pytest.mark.parametrize("tied", [True, False])
def test_log_probabilities_are_those_of_transformers(
    make_writer: Callable[..., Path], tmp_path: Path, sources: list[WriterInput], tied: bool
) -> None:
    folder = make_writer(tmp_path / "model", tied=tied)
    pairs = [*((source, "Who won the cup in 1850?") for source in sources), *PROBES]
    wanted = TransformersWriter(str(folder), made()).score(pairs)
    assert CTranslate2Writer(str(folder), made(), tmp_path).score(pairs) == pytest.approx(
        wanted, abs=5e-3
    )


def test_a_wrong_conversion_is_refused(
    make_writer: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_writer(tmp_path / "model", tied=False)
    real = convert

    def scaled(model: Any, *rest: Any) -> Path:
        model.config.scale_decoder_outputs = True  # as CTranslate2 would read it by itself
        try:
            return real(model, *rest)
        finally:
            model.config.scale_decoder_outputs = False

    monkeypatch.setattr(fast, "convert", scaled)
    with pytest.raises(InputError, match="other log-probabilities than transformers"):
        CTranslate2Writer(str(folder), made(), tmp_path)


def test_bart_is_converted_to_equal_log_probabilities(tmp_path: Path) -> None:
    from transformers import AutoTokenizer, BartConfig, BartForConditionalGeneration

    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=60, d_model=16, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
        max_position_embeddings=64, pad_token_id=1, bos_token_id=0, eos_token_id=2,
        decoder_start_token_id=2, forced_eos_token_id=None,
    )  # fmt: skip
    model = BartForConditionalGeneration(config).eval()
    for weight in model.parameters():
        weight.data *= 4
    names = ["<s>", "<pad>", "</s>", "<unk>", *(f"w{number}" for number in range(56))]
    folder = tmp_path / "bart"
    model.save_pretrained(folder)
    write_word_tokenizer(folder, names)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    target = convert(model, tokenizer, str(folder), tmp_path / "converted")
    translator = ctranslate2.Translator(str(target), compute_type="float32", intra_threads=1)
    ids = [[10, 20, 30, 2], [5, 6, 7, 8, 9, 2]]
    said = [[12, 13, 14], [40, 41]]
    for source, answer in zip(ids, said, strict=True):
        (result,) = translator.score_batch(
            [[names[token] for token in source]], [[names[token] for token in answer]]
        )
        labels = torch.tensor([[*answer, 2]])
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([source]), labels=labels).logits
        wanted = logits.log_softmax(-1).gather(-1, labels.unsqueeze(-1)).flatten().tolist()
        assert list(result.log_probs) == pytest.approx(wanted, abs=1e-3)


def test_a_bart_with_spare_rows_writes_the_same(tmp_path: Path) -> None:
    from transformers import BartConfig, BartForConditionalGeneration

    torch.manual_seed(0)
    names = ["<s>", "<pad>", "</s>", "<unk>", *"when did Ada win the cup in 1914 ?".split()]
    config = BartConfig(
        vocab_size=40, d_model=16, encoder_layers=1, decoder_layers=2, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
        max_position_embeddings=600, pad_token_id=1, bos_token_id=0, eos_token_id=2,
        decoder_start_token_id=2, forced_eos_token_id=None,
    )  # fmt: skip
    model = BartForConditionalGeneration(config)
    for weight in model.parameters():
        weight.data *= 4
    folder = tmp_path / "bart"
    model.save_pretrained(folder)
    write_word_tokenizer(folder, names)
    sources = [
        WriterInput(sentence=f"Ada did win {'the ' * number}cup .", entries=())
        for number in range(5)
    ]
    settings = made(beams=2, max_question_tokens=6)
    wanted = TransformersWriter(str(folder), settings).write(sources, 1)
    found = CTranslate2Writer(str(folder), settings, tmp_path).write(sources, 1)
    for one, other in zip(found, wanted, strict=True):
        assert isinstance(one, list)
        assert isinstance(other, list)
        assert [written.question for written in one] == [written.question for written in other]


def write_word_tokenizer(folder: Path, names: list[str]) -> None:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({name: n for n, name in enumerate(names)}, "<unk>"))
    PreTrainedTokenizerFast(
        tokenizer_object=words,
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
    ).save_pretrained(folder)


def test_int8_is_near(writer: Path, tmp_path: Path, sources: list[WriterInput]) -> None:
    small = CTranslate2Writer(str(writer), made(beams=1, backend="ctranslate2-int8"), tmp_path)
    assert all(isinstance(found, list) for found in small.write(sources, 1))
    pairs = [(source, "Who won the cup?") for source in sources]
    wanted, found = TransformersWriter(str(writer), made()).score(pairs), small.score(pairs)
    assert found != pytest.approx(wanted, abs=5e-3)
    assert sum(found) / len(found) == pytest.approx(sum(wanted) / len(wanted), rel=0.2)


def test_draws_depend_on_seed_and_inputs_alone(
    writer: Path, tmp_path: Path, sources: list[WriterInput]
) -> None:
    settings = made(temperature=1.2, candidates=3)
    model = CTranslate2Writer(str(writer), settings, tmp_path)
    once = model.write(sources, 1)
    model.write(sources[:5], 1)
    assert model.write(sources, 1) == once
    assert CTranslate2Writer(str(writer), settings, tmp_path).write(sources, 1) == once
    assert model.write(sources, 2) != once


def test_the_conversion_is_kept(writer: Path, tmp_path: Path) -> None:
    CTranslate2Writer(str(writer), made(), tmp_path)
    before = (tmp_path / "ctranslate2" / "model.bin").stat().st_mtime_ns
    (tmp_path / "ctranslate2.tmp").mkdir()
    CTranslate2Writer(str(writer), made(), tmp_path)
    assert (tmp_path / "ctranslate2" / "model.bin").stat().st_mtime_ns == before


def test_long_and_odd_sentences(writer: Path, tmp_path: Path, sources: list[WriterInput]) -> None:
    odd = [
        WriterInput(sentence="word " * 5000, entries=sources[0].entries),
        WriterInput(sentence="", entries=()),
        sources[0],
    ]
    model = CTranslate2Writer(str(writer), made(beams=2), tmp_path)
    found = model.write(odd, 1)
    assert isinstance(found[0], Unwritten)
    assert [isinstance(one, list) for one in found] == [False, True, True]
    assert model.write([], 1) == []
    assert model.score([]) == []
    assert model.score([(odd[0], "Who?")]) == [float("-inf")]


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec

    def lacking(name: str, *rest: Any) -> Any:
        return None if name == "ctranslate2" else find(name, *rest)

    monkeypatch.setattr(fast, "find_spec", lacking)
    with pytest.raises(SettingError, match=r"pip install 'gentap\[fast\]'"):
        fast.require_ctranslate2()
