"""The tokenizer of a model: its vocabulary, the table's marks, and the linearizer's settings.

All three live in the model's folder. A checkpoint that has no marks yet (any T5) gets them as added
tokens, always in the same order, and its linearizer's settings from the caller.
"""

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gentap.errors import InputError, first_line
from gentap.model.config import MODEL_TYPE
from gentap.model.loading.model_folder import (
    CONFIG,
    VOCABULARIES,
    check_texts,
    find_model,
    read_object,
    spoilt,
)
from gentap.model.loading.older_programs import save_tokenizer
from gentap.records import Table
from gentap.runs.files.output_files import write_json
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
_TRIED = Table(header=("Year",), rows=(("1850",),))
_MOST = 2**24
"""No vocabulary has so many tokens."""
_ANSWER = 96
"""Positions that a decoder-only model must have left for what it writes."""

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

_ASKS = ("\nAnswer:", "\nQuestion:")
"""What a decoder-only model's input ends with, that it may go on as in the texts that it has read.

After an end token a text has nothing to do with what stands before: SmolLM2-135M gives a cell that
is right a mean loss of 10.1 a token there, and of 3.1 after these words; a sentence 2.5, and 1.6.
"""


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
        """Token ids of an answer or question with all that its model writes: the end token, and
        BART's start token before."""
        return self.targets_ids([text])[0]

    def targets_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """:meth:`target_ids` of several texts."""
        if self.causal:  # copied words have the pieces that they have in the table
            return [[*ids, self.hf.eos_token_id] for ids in self.linearizer.tokenize(texts)]
        before, after = self.linearizer.target_start, self.linearizer.end
        ids: list[list[int]] = self.hf(list(texts), add_special_tokens=False)["input_ids"]
        return [[*before, *of_text, *after] for of_text in ids]

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
        save_tokenizer(self.hf, folder)
        write_json(folder / LINEARIZER_FILE, self.settings.model_dump())


def load_tokenizer(base: str, settings: LinearizerSettings) -> TableTokenizer:
    """The tokenizer of a checkpoint folder or hub name.

    ``settings`` count only where the folder does not hold its own.

    Raises InputError where there is none, or where the model reads fewer tokens than are asked for.
    """
    folder = find_model(base)
    tokenizer = load_saved_tokenizer(folder, settings)
    longest, asked = _longest_input(folder), tokenizer.settings.max_tokens
    answer = _ANSWER if tokenizer.causal else 0
    if longest is not None and asked + answer > longest:
        after = f", and an answer of {answer} comes after them" if answer else ""
        raise InputError(
            f"{base}: reads at most {longest:,} tokens; linearizer.max_tokens is {asked:,}{after}. "
            "Lower it."
        )
    return tokenizer


def load_saved_tokenizer(
    folder: Path, settings: LinearizerSettings | None = None
) -> TableTokenizer:
    """A tokenizer from its files, with or without a model beside them.

    ``settings`` count only where :meth:`TableTokenizer.save` left none.

    Raises InputError where its files are missing or spoilt.
    """
    from transformers import AutoTokenizer

    if not any((folder / name).exists() for name in VOCABULARIES):
        raise InputError(  # transformers would make a tokenizer that knows no word
            f"{folder}: holds no tokenizer ({', '.join(VOCABULARIES)}). Put the checkpoint's own "
            "beside its weights."
        )
    check_texts(folder)
    saved = saved_linearizer(folder) or settings or LinearizerSettings()
    try:
        hf = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        if hf.eos_token_id is None:
            raise ValueError("no end token (eos_token) is named, so that no answer would ever end")
        tokenizer = with_special_tokens(hf, saved, causal=_is_causal(folder))
        _try(tokenizer)
    except BaseException as error:  # the tokenizers library panics, which is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise spoilt(_culprit(folder), error) from error
    return tokenizer


def _is_causal(folder: Path) -> bool:
    """Whether the model beside a tokenizer is decoder-only."""
    if not (folder / CONFIG).exists():
        return False
    from gentap.model.loading.checkpoints import FAMILIES

    return read_object(folder / CONFIG).get("model_type") not in (MODEL_TYPE, *FAMILIES)


def _try(tokenizer: TableTokenizer) -> None:
    """Use a tokenizer once: edited files may load and still not work."""
    hf = tokenizer.hf
    for name in ("eos_token_id", "pad_token_id"):
        if type(getattr(hf, name)) is not int:
            raise ValueError(f"there is no {name.removesuffix('_id').replace('_', ' ')}")
    ids = tokenizer.linearizer.encode("which year?", _TRIED).ids + tokenizer.target_ids("1850")
    if not all(type(token) is int for token in ids) or max(hf.get_vocab().values()) > _MOST:
        raise ValueError("tokens need numbers")
    tokenizer.texts([ids])


def _culprit(folder: Path) -> Path:
    """The file that a tokenizer fails by: its vocabulary where that alone fails too."""
    from tokenizers import Tokenizer

    vocabulary = next(folder / name for name in VOCABULARIES if (folder / name).exists())
    if vocabulary.suffix == ".json" and vocabulary.name != "vocab.json":
        try:
            Tokenizer.from_file(str(vocabulary)).encode("1850")
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            return vocabulary
    told = folder / "tokenizer_config.json"
    return told if told.exists() else vocabulary


def _longest_input(folder: Path) -> int | None:
    """How many positions a model has (BART's are learnt); None where any number will do."""
    if not (folder / CONFIG).exists():
        return None
    values = read_object(folder / CONFIG)
    values = values.get("base", values)
    longest = values.get("max_position_embeddings") if isinstance(values, dict) else None
    return longest if isinstance(longest, int) else None


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
    alone, second = (hf(text, add_special_tokens=False)["input_ids"] for text in ("a", "a a"))
    spaced = second[-len(alone) :] != alone
    if hf.pad_token_id is None:
        hf.pad_token = hf.eos_token  # what is padding is said by the mask
    before, after = _around_texts(hf)
    ends = hf.eos_token_id in after

    def tokenize(texts: Sequence[str]) -> list[list[int]]:
        if not texts:
            return []
        given = [f" {text}" if text else text for text in texts] if spaced else list(texts)
        ids: list[list[int]] = hf(given, add_special_tokens=False)["input_ids"]
        return ids

    sentinels = [name for number in range(SENTINELS) if (name := f"<extra_id_{number}>") in known]
    ids_of = {mark: hf.convert_tokens_to_ids(mark) for mark in (*SPECIAL_TOKENS, *sentinels)}
    linearizer = Linearizer(
        settings,
        tokenize,
        ids_of,
        end=after if ends else [hf.eos_token_id],
        start=before,
        # A tokenizer whose texts end (BART's, mBART's) makes whole targets: the decoder writes what
        # stands before them too. Gemma's texts have no end, and its decoder starts from their bos.
        target_start=before if ends else [],
        asks=_asks(hf) if causal else None,
    )
    return TableTokenizer(hf, linearizer, causal)


def _asks(hf: Any) -> tuple[list[int], list[int]] | None:
    """What inputs of a decoder-only model end with; None where its vocabulary can't say it."""
    answer, question = hf(list(_ASKS), add_special_tokens=False)["input_ids"]
    return (answer, question) if _says(hf, answer) and _says(hf, question) else None


def _says(hf: Any, ids: Sequence[int]) -> bool:
    return bool(ids) and hf.unk_token_id not in ids


def _around_texts(hf: Any) -> tuple[list[int], list[int]]:
    """The special tokens that a tokenizer puts before and after a text."""
    plain, whole = (hf("a", add_special_tokens=special)["input_ids"] for special in (False, True))
    for place in range(len(whole) - len(plain) + 1):
        if whole[place : place + len(plain)] == plain:
            return whole[:place], whole[place + len(plain) :]
    return [], []


def train_vocabulary(
    texts: Iterable[str], size: int, settings: LinearizerSettings
) -> TableTokenizer:
    """A T5 tokenizer over a new SentencePiece unigram vocabulary of ``size`` pieces.

    The number of threads is fixed, for the pieces' scores depend on it in the last digit.

    Raises InputError where the texts give no vocabulary of that size.
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


def saved_linearizer(folder: Path) -> LinearizerSettings | None:
    """The linearizer's settings that stand in a model's folder; None where none do."""
    path = folder / LINEARIZER_FILE
    if not path.exists():
        return None
    try:
        return LinearizerSettings(**read_object(path))
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "settings"
        raise InputError(
            f"{path}: not readable linearizer settings: {place}: {fault['msg']}. Restore the file "
            "as it was saved with the model."
        ) from error
