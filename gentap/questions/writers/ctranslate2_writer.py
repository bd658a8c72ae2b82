"""The writer's model run by CTranslate2, converted and checked here (the extra ``fast``).

The conversion heeds what CTranslate2 reads from elsewhere than transformers 5 keeps it: whether a
T5 scales its decoder's outputs (T5 1.1, FLAN and mT5 don't), that BART normalizes after its layers,
and the names of rows that the tokenizer leaves free. Every converted model must give the
log-probabilities of the model that it came from.
"""

import copy
import os
import shutil
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

from gentap.errors import InputError, SettingError
from gentap.model.loading.model_folder import find_model
from gentap.questions.writer_input import Entry, WriterInput
from gentap.questions.writers.interface import Unwritten, Written, best_first
from gentap.questions.writers.transformers_writer import TOO_LONG, TransformersWriter, by_length
from gentap.records import digest
from gentap.runs.files.own_files import read_json
from gentap.settings.question_sections import WriteSettings

ScoredTokens = tuple[list[str], float]
"""The tokens of a hypothesis and its score."""

SCORE_TOLERANCE = 1e-2
"""By how much a mean log-probability in fp32 may differ from that of transformers."""

PROBES = [
    (
        WriterInput(
            title="Suez Canal",
            sentence="The canal was opened in 1869 by Ferdinand de Lesseps.",
            entries=(Entry("1869", "year"), Entry("Ferdinand de Lesseps")),
        ),
        "When did Ferdinand de Lesseps open the canal?",
    ),
    (
        WriterInput(sentence="Nobody came.", entries=(Entry("Nobody"),)),
        "Who came, and why so late?",
    ),
]


def require_ctranslate2() -> Any:
    """The library; raises SettingError where it is not installed."""
    if find_spec("ctranslate2") is None:
        raise SettingError(
            "write.backend is 'ctranslate2', which is not installed. Install it with `pip install "
            "'gentap[fast]'`, or set write.backend = \"transformers\"."
        )
    import ctranslate2

    return ctranslate2


def convert(model: Any, tokenizer: Any, folder: str, target: Path) -> Path:
    """Convert a loaded T5 or BART of ``folder`` to ``target`` in fp32; what is there is kept.

    Raises InputError where the family can't be converted, or comes out with other probabilities.
    """
    require_ctranslate2()
    from ctranslate2.converters import TransformersConverter

    free = range(len(tokenizer), model.config.vocab_size)
    named = copy.deepcopy(tokenizer)
    named.add_tokens([f"<free_{number}>" for number in free])

    class Converter(TransformersConverter):  # type: ignore[misc]
        def load_model(self, *args: Any, **kwargs: Any) -> Any:
            return model

        def load_tokenizer(self, *args: Any, **kwargs: Any) -> Any:
            return named

    if target.exists():
        return target
    aside = target.with_name(target.name + ".tmp")
    shutil.rmtree(aside, ignore_errors=True)
    config = model.config
    tied = config.tie_word_embeddings
    try:
        if config.model_type == "bart":
            config.normalize_before = False
        elif hasattr(config, "scale_decoder_outputs"):
            config.tie_word_embeddings = config.scale_decoder_outputs
        Converter(str(find_model(folder))).convert(str(aside))
    except (ValueError, OSError, RuntimeError, AttributeError) as error:
        raise InputError(
            f"{folder}: can't be converted for CTranslate2: {error}. Set write.backend = "
            '"transformers".'
        ) from error
    finally:
        config.tie_word_embeddings = tied
    aside.rename(target)
    return target


class CTranslate2Writer:
    """Batches of like length, several at a time where nothing is drawn."""

    def __init__(self, folder: str, settings: WriteSettings, work: Path) -> None:
        self._library = require_ctranslate2()
        local = TransformersWriter(folder, settings.model_copy(update={"precision": "fp32"}))
        self.codec, self.name, self.max_entries = local.codec, local.name, local.max_entries
        self._settings = settings
        self._folder = convert(local.model, self.codec.tokenizer.hf, folder, work / "ctranslate2")
        self._names: list[str] = read_json(self._folder / "shared_vocabulary.json", list[str])
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self._translator = self._open("float32", 1)
        self._check(local, folder)
        self._kind = "int8" if settings.backend == "ctranslate2-int8" else "float32"
        self._translator = self._open(self._kind, settings.threads or _cores())

    def _open(self, kind: str, threads: int) -> Any:
        return self._library.Translator(
            str(self._folder), compute_type=kind, inter_threads=threads, intra_threads=1
        )

    def _check(self, local: TransformersWriter, folder: str) -> None:
        wanted, found = local.score(PROBES), self.score(PROBES)
        apart = max(abs(one - other) for one, other in zip(wanted, found, strict=True))
        if not apart <= SCORE_TOLERANCE:
            raise InputError(
                f"{folder}: CTranslate2 gives other log-probabilities than transformers (apart by "
                f"{apart:.4f}; at most {SCORE_TOLERANCE} is allowed), so that this model can't be "
                'converted. Set write.backend = "transformers".'
            )

    def write(self, sources: Sequence[WriterInput], seed: int) -> list[list[Written] | Unwritten]:
        inputs = [self.codec.pieces(source) for source in sources]
        ids = [self.codec.encode_pieces(pieces) for pieces in inputs]
        batches = list(by_length(ids, self._settings.batch_size))
        tokens = [[self._tokens(ids[place] or []) for place in batch] for batch in batches]
        found = self._sample(tokens, seed) if self._settings.temperature else self._search(tokens)
        results: list[list[Written] | Unwritten] = [TOO_LONG] * len(inputs)
        for place, candidates in zip(chain.from_iterable(batches), found, strict=True):
            results[place] = best_first(
                [
                    Written(self.codec.decode(self._ids(said), inputs[place]), score)
                    for said, score in candidates
                ]
            )
        return results

    def _search(self, batches: Sequence[list[list[str]]]) -> Iterator[list[ScoredTokens]]:
        """For each input of each batch its hypotheses and their scores."""
        settings = self._settings
        begun = [
            self._translator.translate_batch(
                batch,
                beam_size=settings.beams,
                num_hypotheses=settings.candidates or settings.beams,
                max_decoding_length=settings.max_question_tokens,
                min_decoding_length=0,
                max_input_length=0,
                return_scores=True,
                return_end_token=True,
                asynchronous=True,
            )
            for batch in batches
        ]
        for result in chain.from_iterable(begun):
            done = result.result()
            yield list(zip(done.hypotheses, done.scores, strict=True))

    def _sample(
        self, batches: Sequence[list[list[str]]], seed: int
    ) -> Iterator[list[ScoredTokens]]:
        """A generator of its own for each call: CTranslate2 seeds one when a thread begins."""
        settings = self._settings
        drawn = digest(str(seed), repr(batches))
        self._library.set_random_seed(int(drawn, 16) % 2**31)
        translator = self._open(self._kind, 1)
        for batch in batches:
            results = translator.translate_batch(
                batch,
                beam_size=1,
                num_hypotheses=settings.candidates or settings.beams,
                max_decoding_length=settings.max_question_tokens,
                min_decoding_length=0,
                max_input_length=0,
                sampling_topk=0,
                sampling_topp=settings.top_p,
                sampling_temperature=settings.temperature,
                return_end_token=True,
            )
            for tokens, result in zip(batch, results, strict=True):
                said = result.hypotheses
                yield list(zip(said, self._means([tokens] * len(said), said), strict=True))

    def score(self, pairs: Sequence[tuple[WriterInput, str]]) -> list[float]:
        inputs = [self.codec.encode(source) for source, _ in pairs]
        targets = [self.codec.encode_question(question, source) for source, question in pairs]
        fitting = [place for place, ids in enumerate(inputs) if ids is not None]
        found = self._means(
            [self._tokens(inputs[place] or []) for place in fitting],
            [self._tokens(targets[place]) for place in fitting],
        )
        scores = [float("-inf")] * len(pairs)
        for place, score in zip(fitting, found, strict=True):
            scores[place] = score
        return scores

    def _means(
        self, inputs: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]
    ) -> list[float]:
        """Mean log-probabilities; CTranslate2 adds an end mark of its own to each target."""
        end = self.codec.tokenizer.hf.eos_token
        if not inputs:
            return []
        results = self._translator.score_batch(
            [list(tokens) for tokens in inputs],
            [[token for token in target if token != end] for target in targets],
            max_batch_size=self._settings.batch_size,
            max_input_length=0,
        )
        means = []
        for target, result in zip(targets, results, strict=True):
            values = result.log_probs if end in target else result.log_probs[:-1]
            means.append(sum(values) / max(1, len(values)))
        return means

    def _tokens(self, ids: Sequence[int]) -> list[str]:
        return [self._names[token] for token in ids]

    def _ids(self, tokens: Sequence[str]) -> list[int]:
        return [self._numbers[token] for token in tokens]


def _cores() -> int:
    """The cores that this process may use, or as many of them as OpenMP is told to."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0))
    return min(cores, int(told)) if told.isdigit() and int(told) else cores
