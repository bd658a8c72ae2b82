"""What a model in training does on the dev examples of each decoder."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

import torch

from gentap.training.data.batches import StepDataset

_IGNORED = -100
_LONGEST = 64
"""Tokens written at most for an answer that is scored."""


def metric_names(streams: Iterable[str], answers: int = 0) -> list[str]:
    """The names of what :meth:`Dev.measure` gives for such streams."""
    prefixes = ["" if name == "pairs" else f"{name}_" for name in streams]
    names = {"loss", *(f"{prefix}{what}" for prefix in prefixes for what in ("loss", "exact"))}
    return sorted(names | ({"long_bleu"} if answers and "long_" in prefixes else set()))


class Dev:
    """The dev examples: ``batches`` holds planned ones of each stream apart.

    ``measure`` gives for each stream the mean loss of a token, and the share of examples whose
    every token is the likeliest one (in percent): what a greedy search would write exactly. Their
    names are ``long_loss``, ``long_exact``, … or, for a model of one decoder, ``exact``; ``loss``
    is the mean over the streams. With ``answers`` above 0 so many inputs of ``long`` are answered
    greedily, and ``long_bleu`` scores them over the vocabulary's own pieces.
    """

    def __init__(self, batches: Mapping[str, StepDataset], answers: int = 0) -> None:
        self._batches, self._answers = batches, answers

    def measure(self, model: Any, accelerator: Any) -> dict[str, float]:
        model.eval()
        metrics: dict[str, float] = {}
        losses = []
        for name, batches in self._batches.items():
            sums = accelerator.reduce(self._sums(model, batches, accelerator)).tolist()
            nll, tokens, exact, examples = sums
            prefix = "" if name == "pairs" else f"{name}_"
            losses.append(nll / max(tokens, 1))
            metrics[f"{prefix}loss"] = losses[-1]
            metrics[f"{prefix}exact"] = 100 * exact / max(examples, 1)
        metrics["loss"] = sum(losses) / len(losses)
        if self._answers and "long" in self._batches:
            metrics["long_bleu"] = self._bleu(model, self._batches["long"], accelerator.device)
        return metrics

    def _sums(self, model: Any, batches: StepDataset, accelerator: Any) -> torch.Tensor:
        """Loss, tokens, exact examples and examples, of this process's part of the batches.

        All processes call the model equally often, as sharded ones must.
        """
        sums = torch.zeros(4, dtype=torch.float64)
        count, processes = len(batches), accelerator.num_processes
        for turn in range(-(-count // processes)):
            place = turn * processes + accelerator.process_index
            batch: dict[str, Any] = {
                key: value.to(accelerator.device)
                for key, value in batches[min(place, count - 1)].items()
            }
            (key,) = (key for key in batch if key.endswith("labels"))
            labels = batch.pop(key)
            if key != "labels":
                batch["decoder"] = key.removesuffix("_labels")
            with torch.no_grad():
                logits = model(**batch, labels=labels).logits.float()
            if place < count:
                nll = torch.nn.functional.cross_entropy(
                    logits.view(-1, logits.shape[-1]),
                    labels.reshape(-1),
                    ignore_index=_IGNORED,
                    reduction="sum",
                )
                counted = labels != _IGNORED
                right = ((logits.argmax(-1) == labels) | ~counted).all(1)
                sums += torch.tensor(
                    [nll.item(), counted.sum().item(), right.sum().item(), len(labels)]
                )
        return sums.to(accelerator.device, torch.float32)

    def _bleu(self, model: Any, batches: StepDataset, device: torch.device) -> float:
        from sacrebleu.metrics.bleu import BLEU

        written: list[str] = []
        wanted: list[str] = []
        with torch.no_grad():
            for index in range(len(batches)):
                batch = batches[index]
                out = model.generate(
                    input_ids=batch["input_ids"].to(device),
                    attention_mask=batch["attention_mask"].to(device),
                    decoder="long",
                    max_new_tokens=_LONGEST,
                    do_sample=False,
                    num_beams=1,
                    use_cache=True,
                )
                given = model.generation_config.eos_token_id
                ends = {given} if isinstance(given, int) else set(given)  # Gemma has several
                written += [_pieces(ids, ends) for ids in out[:, 1:].tolist()]
                wanted += [_pieces(ids, ends) for ids in batch["long_labels"].tolist()]
                if len(written) >= self._answers:
                    break
        scored = BLEU(tokenize="none").corpus_score(
            written[: self._answers], [wanted[: self._answers]]
        )
        return float(scored.score)


def _pieces(ids: Sequence[int], ends: Collection[int]) -> str:
    """The ids before the end mark, as words."""
    return " ".join(map(str, takewhile(lambda token: token not in ends, ids)))
