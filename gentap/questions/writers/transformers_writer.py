"""The writer's model run by transformers, on the CPU or a GPU."""

from collections.abc import Iterator, Sequence
from typing import Any

from gentap.questions.writer_input import TaggedText, WriterInput
from gentap.questions.writers.codec import Codec, load_codec, writer_name
from gentap.questions.writers.interface import Unwritten, Written, best_first
from gentap.records import digest
from gentap.settings.question_sections import WriteSettings

EncodedBatch = Any
"""The encoder's last states (batch, tokens, d_model) and the attention mask (batch, tokens); of a
decoder-only model an :class:`gentap.model.causal.Encoding`."""

_IGNORED = -100
"""What stock models take for no label."""

TOO_LONG = Unwritten("sentence too long for the writer")


class TransformersWriter:
    """An encoder-decoder as writer.

    Batches are of like length; a batch's draws depend on the seed and its own inputs alone.
    """

    def __init__(self, folder: str, settings: WriteSettings) -> None:
        from gentap.model.device import best_device
        from gentap.model.loading.load import load_writer_model

        self.codec: Codec = load_codec(folder)
        self.name = writer_name(folder)
        self.max_entries = self.codec.layout.max_entries
        self._settings = settings
        self._padding = self.codec.tokenizer.hf.pad_token_id
        model = load_writer_model(folder, self.codec.tokenizer)
        self.model = model.to(best_device()).eval()

    def write(self, sources: Sequence[WriterInput], seed: int) -> list[list[Written] | Unwritten]:
        return self.write_pieces([self.codec.pieces(source) for source in sources], seed)

    def write_pieces(
        self, inputs: Sequence[Sequence[TaggedText]], seed: int
    ) -> list[list[Written] | Unwritten]:
        """As :meth:`write`, from inputs as the model reads them."""
        ids = [self.codec.encode_pieces(pieces) for pieces in inputs]
        results: list[list[Written] | Unwritten] = [TOO_LONG] * len(inputs)
        for batch in by_length(ids, self._settings.batch_size):
            encoded = self._encode([ids[place] or [] for place in batch])
            sequences = self._generate(encoded, digest(str(seed), *(repr(ids[at]) for at in batch)))
            scores = self._log_probabilities(encoded, sequences)
            many = len(sequences) // len(batch)
            for number, place in enumerate(batch):
                mine = range(number * many, (number + 1) * many)
                results[place] = best_first(
                    [
                        Written(self.codec.decode(sequences[one], inputs[place]), scores[one])
                        for one in mine
                    ]
                )
        return results

    def score(self, pairs: Sequence[tuple[WriterInput, str]]) -> list[float]:
        inputs = [self.codec.encode(source) for source, _ in pairs]
        targets = [self.codec.encode_question(question, source) for source, question in pairs]
        scores = [float("-inf")] * len(pairs)
        for batch in by_length(inputs, self._settings.batch_size):
            encoded = self._encode([inputs[place] or [] for place in batch])
            found = self._log_probabilities(encoded, [targets[place] for place in batch])
            for place, score in zip(batch, found, strict=True):
                scores[place] = score
        return scores

    def _encode(self, inputs: Sequence[Sequence[int]]) -> EncodedBatch:
        import torch

        from gentap.model.device import autocast
        from gentap.model.generate import pad

        ids, mask = (part.to(self.model.device) for part in pad(inputs, self._padding))
        with torch.inference_mode(), autocast(self._settings.precision):
            hidden = self.model.get_encoder()(input_ids=ids, attention_mask=mask)[0]
        return hidden, mask

    def _generate(self, encoded: EncodedBatch, seed: str) -> list[list[int]]:
        """Generated ids up to their end mark, ``candidates`` for each input in turn."""
        import torch
        from transformers import GenerationConfig
        from transformers.modeling_outputs import BaseModelOutput

        from gentap.model.device import autocast
        from gentap.model.generate import start_token

        settings, hf = self._settings, self.codec.tokenizer.hf
        search: dict[str, Any] = {"num_beams": settings.beams, "early_stopping": True}
        if settings.beams == 1:
            search = {}
        if settings.temperature:
            search = {"do_sample": True, "temperature": settings.temperature}
            search |= {"top_p": settings.top_p, "top_k": 0}
        wanted = GenerationConfig(
            max_new_tokens=settings.max_question_tokens,
            use_cache=True,  # whatever the trainer left in the configuration
            num_return_sequences=settings.candidates or settings.beams,
            pad_token_id=self._padding,
            eos_token_id=hf.eos_token_id,
            decoder_start_token_id=start_token(self.model, self.codec.tokenizer),
            **search,
        )
        hidden, mask = encoded
        with torch.inference_mode(), autocast(settings.precision), torch.random.fork_rng():
            torch.manual_seed(int(seed, 16) % 2**63)
            written = self.model.generate(
                encoder_outputs=BaseModelOutput(last_hidden_state=hidden),
                attention_mask=mask,
                generation_config=wanted,
            )
        return [until_end(row, hf.eos_token_id, self._padding) for row in written[:, 1:].tolist()]

    def _log_probabilities(
        self, encoded: EncodedBatch, targets: Sequence[Sequence[int]]
    ) -> list[float]:
        """Mean log-probability of each target's tokens, its end mark among them.

        There are equally many targets for each encoded input, those of one after another's.
        """
        import torch

        from gentap.model.device import autocast

        hidden, mask = encoded
        many = len(targets) // len(hidden)
        labels, filled = self._labels(targets)
        with torch.inference_mode(), autocast(self._settings.precision):
            logits = self.model(
                encoder_outputs=(hidden.repeat_interleave(many, 0),),
                attention_mask=mask.repeat_interleave(many, 0),
                labels=labels,
            ).logits.float()
        return mean_log_probabilities(logits, labels, filled)

    def _labels(self, targets: Sequence[Sequence[int]]) -> tuple[Any, Any]:
        """Labels and the mask of those that count, both (targets, tokens)."""
        from gentap.model.generate import pad

        labels, filled = pad(targets, _IGNORED)
        return labels.to(self.model.device), filled


def mean_log_probabilities(logits: Any, labels: Any, filled: Any) -> list[float]:
    """The mean of each row's labels (rows, tokens) that count, from logits in fp32."""
    chosen = logits.gather(-1, labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    log_probabilities = (chosen - logits.logsumexp(-1)).cpu() * filled
    means: list[float] = (log_probabilities.sum(1) / filled.sum(1).clamp(min=1)).tolist()
    return means


def by_length(inputs: Sequence[Sequence[int] | None], size: int) -> Iterator[list[int]]:
    """Places of the inputs in batches of like length; those that are None are left out."""
    places = [place for place, ids in enumerate(inputs) if ids is not None]
    places.sort(key=lambda place: (len(inputs[place] or ()), place))
    for start in range(0, len(places), size):
        yield places[start : start + size]


def until_end(ids: Sequence[int], end: int, padding: int) -> list[int]:
    """Generated ids up to the first end mark, that one too; without padding."""
    if end in ids:
        return list(ids[: ids.index(end) + 1])
    return [token for token in ids if token != padding]
