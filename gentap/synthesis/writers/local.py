"""The writer's model run by transformers, on the CPU or a GPU."""

from collections.abc import Iterator, Sequence
from typing import Any

from gentap.records import digest
from gentap.settings import WriteSettings
from gentap.synthesis.source import Piece, Source
from gentap.synthesis.writers.codec import Codec, load_codec, writer_name
from gentap.synthesis.writers.interface import Unwritten, Written, best_first

TOO_LONG = Unwritten("sentence too long for the writer")


class LocalWriter:
    """Batches of like length; a batch's draws depend on the seed and its own inputs alone."""

    def __init__(self, folder: str, settings: WriteSettings) -> None:
        from gentap.model.checkpoints import load_seq2seq
        from gentap.model.device import best_device

        self.codec: Codec = load_codec(folder)
        self.name = writer_name(folder)
        self.max_entries = self.codec.layout.max_entries
        self._settings = settings
        model = load_seq2seq(folder, vocabulary=len(self.codec.tokenizer.hf))
        self.model = model.to(best_device()).eval()

    def write(self, sources: Sequence[Source], seed: int) -> list[list[Written] | Unwritten]:
        return self.write_pieces([self.codec.pieces(source) for source in sources], seed)

    def write_pieces(
        self, inputs: Sequence[Sequence[Piece]], seed: int
    ) -> list[list[Written] | Unwritten]:
        """As :meth:`write`, from inputs as the model reads them."""
        ids = [self.codec.encode_pieces(pieces) for pieces in inputs]
        results: list[list[Written] | Unwritten] = [TOO_LONG] * len(inputs)
        for batch in by_length(ids, self._settings.batch_size):
            sequences = self._generate([ids[place] or [] for place in batch], seed)
            many = len(sequences) // len(batch)
            repeated = [ids[place] or [] for place in batch for _ in range(many)]
            scores = self._scores(repeated, sequences)
            for number, place in enumerate(batch):
                mine = range(number * many, (number + 1) * many)
                results[place] = best_first(
                    [
                        Written(self.codec.decode(sequences[one], inputs[place]), scores[one])
                        for one in mine
                    ]
                )
        return results

    def score(self, pairs: Sequence[tuple[Source, str]]) -> list[float]:
        inputs = [self.codec.encode(source) for source, _ in pairs]
        targets = [self.codec.encode_question(question, source) for source, question in pairs]
        return self._scores(inputs, targets)

    def _generate(self, inputs: Sequence[Sequence[int]], seed: int) -> list[list[int]]:
        """Generated ids up to their end mark, ``candidates`` for each input in turn."""
        import torch
        from transformers import GenerationConfig

        from gentap.model.device import autocast
        from gentap.model.generate import pad

        settings, hf = self._settings, self.codec.tokenizer.hf
        search: dict[str, Any] = {"num_beams": settings.beams, "early_stopping": True}
        if settings.beams == 1:
            search = {}
        if settings.temperature:
            search = {"do_sample": True, "temperature": settings.temperature}
            search |= {"top_p": settings.top_p, "top_k": 0}
        start = self.model.config.decoder_start_token_id
        wanted = GenerationConfig(
            max_new_tokens=settings.max_question_tokens,
            num_return_sequences=settings.candidates or settings.beams,
            pad_token_id=hf.pad_token_id,
            eos_token_id=hf.eos_token_id,
            decoder_start_token_id=hf.pad_token_id if start is None else start,
            **search,
        )
        ids, mask = pad(inputs, hf.pad_token_id)
        device = self.model.device
        with torch.inference_mode(), autocast(settings.precision), torch.random.fork_rng():
            torch.manual_seed(int(digest(str(seed), repr(inputs)), 16) % 2**63)
            written = self.model.generate(
                input_ids=ids.to(device), attention_mask=mask.to(device), generation_config=wanted
            )
        return [until_end(row, hf.eos_token_id, hf.pad_token_id) for row in written[:, 1:].tolist()]

    def _scores(
        self, inputs: Sequence[Sequence[int] | None], targets: Sequence[Sequence[int]]
    ) -> list[float]:
        scores = [float("-inf")] * len(inputs)
        for batch in by_length(inputs, self._settings.batch_size):
            found = self._log_probabilities(
                [inputs[place] or [] for place in batch], [targets[place] for place in batch]
            )
            for place, score in zip(batch, found, strict=True):
                scores[place] = score
        return scores

    def _log_probabilities(
        self, inputs: Sequence[Sequence[int]], targets: Sequence[Sequence[int]]
    ) -> list[float]:
        """Mean log-probability of each target's tokens, its end mark among them."""
        import torch

        from gentap.model.device import autocast
        from gentap.model.generate import pad

        ids, mask = pad(inputs, self.codec.tokenizer.hf.pad_token_id)
        labels, filled = pad(targets, 0)
        device = self.model.device
        with torch.inference_mode(), autocast(self._settings.precision):
            logits = self.model(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                labels=labels.to(device),
            ).logits.float()
        chosen = logits.gather(-1, labels.to(device).unsqueeze(-1)).squeeze(-1)
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
