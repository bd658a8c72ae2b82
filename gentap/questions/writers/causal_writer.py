"""A decoder-only model as writer, run by transformers."""

from collections.abc import Sequence

from gentap.questions.writers.transformers_writer import (
    EncodedBatch,
    TransformersWriter,
    mean_log_probabilities,
)


class CausalWriter(TransformersWriter):
    """A trunk whose decoder ``long`` was trained to write questions."""

    def _encode(self, inputs: Sequence[Sequence[int]]) -> EncodedBatch:
        import torch

        from gentap.model.device import autocast
        from gentap.model.generate import pad

        ids, mask = (part.to(self.model.device) for part in pad(inputs, self._padding))
        with torch.inference_mode(), autocast(self._settings.precision):
            return self.model.encode(ids, mask)

    def _generate(self, encoded: EncodedBatch, seed: str) -> list[list[int]]:
        import torch

        from gentap.model.device import autocast
        from gentap.model.sampling import sample_ids
        from gentap.model.search import Search, search_several
        from gentap.model.steps import CausalSteps

        settings, tokenizer = self._settings, self.codec.tokenizer
        start, end = tokenizer.linearizer.asks_question[-1], tokenizer.hf.eos_token_id
        wanted = settings.candidates or settings.beams
        how = Search(
            start=start, end=end, beams=settings.beams, max_new_tokens=settings.max_question_tokens
        )
        steps = CausalSteps(self.model, "long", encoded)
        with torch.inference_mode(), autocast(settings.precision), torch.random.fork_rng():
            torch.manual_seed(int(seed, 16) % 2**63)
            if settings.temperature:
                drawn = {"temperature": settings.temperature, "top_p": settings.top_p}
                found = sample_ids(steps, how, draws=wanted, **drawn)
            else:
                found = search_several(steps, how, wanted)
        longest = settings.max_question_tokens
        return [
            ids if len(ids) == longest else [*ids, end] for of_input in found for ids in of_input
        ]

    def _log_probabilities(
        self, encoded: EncodedBatch, targets: Sequence[Sequence[int]]
    ) -> list[float]:
        import torch

        from gentap.model.device import autocast

        rows = torch.arange(len(encoded.last)).repeat_interleave(len(targets) // len(encoded.last))
        labels, filled = self._labels(targets)
        with torch.inference_mode(), autocast(self._settings.precision):
            logits = self.model.logits("long", encoded.rows(rows), labels).float()
        return mean_log_probabilities(logits, labels, filled)
