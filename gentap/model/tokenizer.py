"""The tokenizer of a model: its vocabulary, the table's marks, and the linearizer's settings.

All three live in the model's folder. A checkpoint that has no marks yet (any T5) gets them as added
tokens, always in the same order, and its linearizer's settings from the caller.
"""

import json
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gentap.errors import InputError, first_line
from gentap.runs.store import write_json
from gentap.settings.sections import LinearizerSettings
from gentap.tables.linearize import (
    CAPTION,
    CELL,
    ENTRY,
    HEAD,
    ROW,
    SECTION,
    SENTENCE,
    SPECIAL_TOKENS,
    TITLE,
    Linearizer,
)

LINEARIZER_FILE = "linearizer.json"
SENTINELS = 100
_VOCABULARY_FILES = ("tokenizer.json", "spiece.model", "vocab.json")
_MEANINGS = {
    TITLE: " title:",
    SECTION: " section:",
    CAPTION: " caption:",
    HEAD: "\n columns:",
    ROW: "\n",
    CELL: " |",
    SENTENCE: " sentence:",
    ENTRY: ",",
}
"""Texts that say about what the marks say, for models that have read texts but no marks."""


@dataclass(frozen=True, slots=True)
class TableTokenizer:
    """A Hugging Face tokenizer that knows the marks, with the linearizer made of it.

    ``causal`` says that its model is decoder-only: what it writes goes on from what it has read.
    """

    hf: Any
    linearizer: Linearizer
    causal: bool = False

    @property
    def settings(self) -> LinearizerSettings:
        return self.linearizer.settings

    def target_ids(self, text: str) -> list[int]:
        """Token ids of an answer or question with all that its model writes: the end mark, and
        BART's start mark before."""
        return self.targets_ids([text])[0]

    def targets_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """:meth:`target_ids` of several texts."""
        if self.causal:  # copied words have the pieces that they have in the table
            return [[*ids, self.hf.eos_token_id] for ids in self.linearizer.tokenize(texts)]
        before = self.linearizer.start
        ids: list[list[int]] = self.hf(list(texts), add_special_tokens=False)["input_ids"]
        return [[*before, *of_text, self.hf.eos_token_id] for of_text in ids]

    def meanings(self) -> dict[int, list[int]]:
        """For each mark the ids of a text that says about the same."""
        texts = self.hf(list(_MEANINGS.values()), add_special_tokens=False)["input_ids"]
        marks = self.hf.convert_tokens_to_ids(list(_MEANINGS))
        return dict(zip(marks, texts, strict=True))

    def texts(self, sequences: Any) -> list[str]:
        """Generated ids to texts, without any special token."""
        decoded = (
            self.hf.batch_decode(sequences, skip_special_tokens=True) if len(sequences) else []
        )
        return [" ".join(text.split()) for text in decoded]

    def save(self, folder: Path) -> None:
        self.hf.save_pretrained(folder)
        write_json(folder / LINEARIZER_FILE, self.settings.model_dump())


def load_tokenizer(base: str, settings: LinearizerSettings) -> TableTokenizer:
    """The tokenizer of a checkpoint folder or hub name.

    ``settings`` count only where the folder does not hold its own.
    """
    check_model_folder(base)
    tokenizer = _load(base, settings)
    longest, asked = _longest_input(_config(base)), tokenizer.settings.max_tokens
    if longest is not None and asked > longest:
        raise InputError(
            f"{base}: reads at most {longest:,} tokens; linearizer.max_tokens is {asked:,}. Lower "
            "it."
        )
    return tokenizer


def load_saved_tokenizer(folder: Path) -> TableTokenizer:
    """A tokenizer that :meth:`TableTokenizer.save` wrote, with or without a model beside it."""
    return _load(str(folder), LinearizerSettings())


def _load(base: str, settings: LinearizerSettings) -> TableTokenizer:
    from transformers import AutoTokenizer

    folder = Path(base)
    if folder.is_dir() and not any((folder / name).exists() for name in _VOCABULARY_FILES):
        raise InputError(  # transformers would make a tokenizer that knows no word
            f"{base}: holds no tokenizer ({' or '.join(_VOCABULARY_FILES)}). Put the checkpoint's "
            "own beside its weights."
        )
    try:
        hf = AutoTokenizer.from_pretrained(base, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{base}: no tokenizer could be loaded: {first_line(error)} Give the folder of a "
            "checkpoint with its tokenizer files, or a name on the hub that can be reached."
        ) from error
    if hf.eos_token_id is None:
        raise InputError(
            f"{base}: its tokenizer has no end token, so that no answer would ever end. Name one "
            "in tokenizer_config.json (eos_token)."
        )
    config = _config(base)
    causal = config is not None and not config.is_encoder_decoder
    return with_special_tokens(hf, _saved_settings(folder) or settings, causal=causal)


def _config(base: str) -> Any:
    """A model's configuration, None where it can't be read: who loads the model will say why."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(base, trust_remote_code=False)
    except (OSError, ValueError, KeyError):
        return None


def _longest_input(config: Any) -> int | None:
    """How many positions a model has (BART's are learnt); None where any number will do."""
    longest: int | None = getattr(getattr(config, "base", config), "max_position_embeddings", None)
    return longest


def with_special_tokens(
    hf: Any, settings: LinearizerSettings, *, causal: bool = False
) -> TableTokenizer:
    """Add the marks where they are missing and make the linearizer."""
    known = hf.get_vocab()
    missing = [mark for mark in SPECIAL_TOKENS if mark not in known]
    if missing:
        from tokenizers import AddedToken

        hf.add_tokens(
            [AddedToken(mark, special=True, normalized=False) for mark in missing],
            special_tokens=True,
        )
    hf.model_max_length = 10**9  # the linearizer keeps the budget; no warning of its own
    hf.split_special_tokens = True  # a cell that reads "<title>" is text, no mark

    # BART's tokenizer has other pieces for a word at the start of a text and one after a space:
    # names stand in tables as they stand within sentences.
    alone, after = (hf(text, add_special_tokens=False)["input_ids"] for text in ("a", "a a"))
    spaced = after[-len(alone) :] != alone
    # BART's texts stand between marks, and its decoder writes the first one too.
    begins = hf.bos_token_id is not None and hf("a")["input_ids"][0] == hf.bos_token_id

    def tokenize(texts: Sequence[str]) -> list[list[int]]:
        if not texts:
            return []
        given = [f" {text}" if text else text for text in texts] if spaced else list(texts)
        ids: list[list[int]] = hf(given, add_special_tokens=False)["input_ids"]
        return ids

    sentinels = [name for number in range(SENTINELS) if (name := f"<extra_id_{number}>") in known]
    ids_of = {mark: hf.convert_tokens_to_ids(mark) for mark in (*SPECIAL_TOKENS, *sentinels)}
    start = [hf.bos_token_id] if begins else []
    if hf.pad_token_id is None:
        hf.pad_token = hf.eos_token  # what is padding is said by the mask
    linearizer = Linearizer(settings, tokenize, ids_of, hf.eos_token_id, start)
    return TableTokenizer(hf, linearizer, causal)


def train_vocabulary(
    texts: Iterable[str], size: int, settings: LinearizerSettings
) -> TableTokenizer:
    """A T5 tokenizer over a new SentencePiece unigram vocabulary of ``size`` pieces.

    The number of threads is fixed, for the pieces' scores depend on it in the last digit.
    """
    import io

    import sentencepiece
    from transformers import T5Tokenizer

    trained = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=trained,
            model_type="unigram",
            vocab_size=size - SENTINELS - len(SPECIAL_TOKENS),
            character_coverage=0.9998,
            required_chars=string.printable[:94],  # "?" among them: documents may hold no question
            normalization_rule_name="identity",
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            pad_piece="<pad>",
            eos_piece="</s>",
            unk_piece="<unk>",
            num_threads=4,
            max_sentence_length=16_384,
            hard_vocab_limit=False,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise InputError(
            f"base: no vocabulary of {size} pieces could be learnt: {first_line(error)} Give more "
            "documents, or a smaller base.vocabulary."
        ) from error
    pieces = sentencepiece.SentencePieceProcessor(model_proto=trained.getvalue())
    vocabulary = [(pieces.id_to_piece(i), pieces.get_score(i)) for i in range(len(pieces))]
    vocabulary += [(f"<extra_id_{i}>", 0.0) for i in reversed(range(SENTINELS))]
    return with_special_tokens(T5Tokenizer(vocab=vocabulary, extra_ids=SENTINELS), settings)


def check_model_folder(base: str) -> None:
    """Raise InputError where ``base`` looks like a folder but holds no model."""
    path = Path(base)
    if path.is_dir() and not (path / "config.json").exists():
        raise InputError(
            f"{base}: not a model folder (no config.json in it). Give an output folder of `gentap "
            "base`, `pretrain` or `finetune`, or a Hugging Face checkpoint."
        )
    near = path.parent != Path() and path.parent.is_dir()
    if not path.exists() and (base.startswith((".", "/", "~")) or base.count("/") > 1 or near):
        raise InputError(f"{base}: no such model folder.")


def _saved_settings(folder: Path) -> LinearizerSettings | None:
    path = folder / LINEARIZER_FILE
    if not path.exists():
        return None
    try:
        return LinearizerSettings(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, ValidationError) as error:
        raise InputError(
            f"{path}: not readable linearizer settings: {first_line(error)}"
        ) from error
