"""A toy training that a test launches, alone or in several processes: see test_processes.py."""

import json
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
)

from gentap.model.causal import CausalModel
from gentap.model.network import GenTapModel
from gentap.settings.sections import AdapterSettings, Trunk
from gentap.settings.training_sections import TrainingSettings
from gentap.training.loop.processes import is_main, main_first, share
from gentap.training.loop.trainer import train


class Toy:
    def __init__(self, count: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        sizes = rng.integers(2, 12, (count, 2)).tolist()
        self.pairs = [tuple(rng.integers(3, 40, size).tolist() for size in pair) for pair in sizes]

    def __len__(self) -> int:
        return len(self.pairs)

    def lengths(self) -> Any:
        return np.array([(len(source), len(target)) for source, target in self.pairs])

    def pair(self, index: int, epoch: int) -> Any:
        return self.pairs[index]


def model_of(kind: str) -> Any:
    """A toy T5 with two decoders, or a toy Llama whose trunk is trained as ``kind`` says."""
    torch.manual_seed(0)
    if kind != "t5":
        sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
        heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8}
        ends = {"bos_token_id": None, "eos_token_id": 1, "pad_token_id": 0}
        llama = LlamaForCausalLM(LlamaConfig(vocab_size=40, **sizes, **heads, **ends))
        return CausalModel(llama, AdapterSettings(rank=2, trunk=cast(Trunk, kind)))
    stock = T5ForConditionalGeneration(
        T5Config(
            vocab_size=40,
            d_model=16,
            d_kv=8,
            d_ff=32,
            num_heads=2,
            num_layers=1,
            dropout_rate=0.0,
            decoder_start_token_id=0,
        )
    )
    return GenTapModel.from_stock(stock)


def main(folder: Path, accumulate: int, max_steps: int, kind: str = "t5") -> None:
    torch.set_num_threads(1)
    with main_first():
        folder.mkdir(exist_ok=True)
    assert share("first" if is_main() else "other") == "first"
    settings = TrainingSettings(
        epochs=2,
        max_steps=max_steps,
        batch_tokens=64,
        accumulate=accumulate,
        precision="fp32",
        optimizer="adamw",
        learning_rate=0.01,
        save_every=3,
    )
    model = model_of(kind)
    streams = {"long": Toy(30, 0), "cell": Toy(12, 1)}
    dev = {"long": Toy(9, 2), "cell": Toy(5, 3)}
    stats = train(model, streams, dev, settings, folder, padding=0, seed=4, label="toy").stats
    if is_main():
        (folder / "stats.json").write_text(json.dumps(stats))
        torch.save(model.state_dict(), folder / "weights.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
