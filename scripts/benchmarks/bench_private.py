"""Processor time of a batch's clipped gradients, example by example, against its plain gradients.

Usage: python scripts/benchmarks/bench_private.py [tiny|mini|small]

The same adapters (rank 16, all linear layers of a T5 from scratch), the same batch of 8 inputs of
128 tokens and answers of 24, one thread; the least of seven turns each.
"""

import sys
import time
from collections.abc import Callable

import torch
from transformers import T5Config, T5ForConditionalGeneration

from gentap.model.lora import Adapters, LowRank
from gentap.model.network import GenTapModel
from gentap.training.initialize import SIZES
from gentap.training.loop.per_example import PerExampleGradients

VOCABULARY, TURNS = 8000, 7


def main() -> None:
    """Print both times and their ratio."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    name = sys.argv[1] if len(sys.argv) > 1 else "tiny"
    config = T5Config(
        vocab_size=VOCABULARY,
        decoder_start_token_id=0,
        dropout_rate=0.0,
        **SIZES[name],  # type: ignore
    )
    model = GenTapModel.from_stock(T5ForConditionalGeneration(config))
    model.requires_grad_(False)
    adapters = Adapters(model, 16, 0.0, [model.cell.get_output_embeddings()])
    adapters.add("private")
    adapters.active = "private"
    weights = list(adapters.parameters())
    batch = {
        "input_ids": torch.randint(3, VOCABULARY, (8, 128)),
        "attention_mask": torch.ones(8, 128, dtype=torch.long),
        "long_labels": torch.randint(3, VOCABULARY, (8, 24)),
    }
    plain = least(lambda: torch.autograd.grad(model(**batch).loss, weights, allow_unused=True))
    gradients = PerExampleGradients([one for one in adapters.modules() if isinstance(one, LowRank)])
    private = least(lambda: gradients.clipped_sum(model, batch, 1.0))
    print(f"{name}: plain {plain:.3f} s, private {private:.3f} s, ratio {private / plain:.2f}")


def least(work: Callable[[], object]) -> float:
    """Seconds of the processor, the first turn left out."""
    work()
    times = []
    for _ in range(TURNS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


if __name__ == "__main__":
    main()
