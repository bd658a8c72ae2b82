"""Training speed on a decoder-only base: GenTaP's trainer against TRL's SFTTrainer with peft.

    python scripts/benchmarks/bench_causal.py --base BASE --data fetaQA-v1_train.jsonl

Both train adapters of one rank on all linear layers of the same checkpoint, on the same examples
(annotated questions or folders of examples), with AdamW, no dropout, in the same precision: one
with TRL's SFTTrainer and peft, a single adapter over question, table and answer, random batches
padded to their longest, the loss on the answer alone; the other with GenTaP's trainer, an adapter
for the trunk and one for each decoder. They take turns as in bench_train.py. TRL's recomputation
of activations (its default) is off: it saves memory and costs time. `--trunk frozen` and
`--trunk whole` are GenTaP's other ways to train; TRL's side stays as it is.

TRL is no part of the project: `pip install trl`.
"""

import argparse
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench_train import Turns, counting, report, take_turns

from gentap.documents.annotated.reading import read_annotated
from gentap.model.tokenizer import TableTokenizer, load_tokenizer
from gentap.records import Example
from gentap.runs.store import Tally
from gentap.settings.sections import AdapterSettings, LinearizerSettings
from gentap.settings.training_sections import PretrainSettings
from gentap.training.data.batches import StepDataset, plan
from gentap.training.data.examples import TableEncoder
from gentap.training.data.streams import PairStream
from gentap.training.data.token_store import write_tokens


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--base", required=True, help="a decoder-only model's folder or hub name")
    options.add_argument("--data", required=True, nargs="+", type=Path, help="examples")
    options.add_argument("--trunk", choices=["adapter", "frozen", "whole"], default="adapter")
    options.add_argument("--rank", type=int, default=16, help="of the adapters")
    options.add_argument("--work", type=Path, default=Path("runs/bench-causal"))
    options.add_argument("--max-tokens", type=int, default=320, help="longest input")
    options.add_argument("--batch-tokens", type=int, default=1024, help="input tokens of a step")
    options.add_argument("--examples", type=int, default=1000, help="examples of each kind")
    options.add_argument("--turns", type=int, default=8, help="turns of each")
    options.add_argument("--steps", type=int, default=2, help="steps a turn")
    options.add_argument("--threads", type=int, default=1, help="threads of each process")
    options.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    chosen = options.parse_args()
    streams = tokenize(chosen)
    counts = ", ".join(f"{len(stream):,} {kind}" for kind, stream in streams.items())
    print(f"{counts} examples, adapters of rank {chosen.rank}, trunk: {chosen.trunk}")
    turns = take_turns((sft_trainer, our_trainer), chosen)
    report(["SFTTrainer", "GenTaP"], turns, "trainers", aim=1.3)


def tokenize(chosen: argparse.Namespace) -> dict[str, PairStream]:
    """Equally many examples of each kind as token stores; kept for the other processes."""
    encoder = TableEncoder(chosen.base, linearizer(chosen), longest=96)
    found: list[Example] = [one for path in chosen.data for one in read_annotated(path)[0]]
    streams = {}
    for kind in sorted({one.kind for one in found}):
        examples = list(islice((one for one in found if one.kind == kind), chosen.examples))
        pairs = encoder.encode(examples, Tally(), workers=1)
        streams[kind] = PairStream(write_tokens(chosen.work / "tokens" / kind, pairs))
    return streams


def linearizer(chosen: argparse.Namespace) -> LinearizerSettings:
    return LinearizerSettings(max_tokens=chosen.max_tokens, max_question_tokens=64)


def prepared(
    pipe: Connection, chosen: argparse.Namespace
) -> tuple[Turns, dict[str, PairStream], TableTokenizer]:
    import torch

    torch.set_num_threads(chosen.threads)
    return (
        Turns(pipe, chosen.steps),
        tokenize(chosen),
        load_tokenizer(chosen.base, linearizer(chosen)),
    )


def sft_trainer(pipe: Connection, chosen: argparse.Namespace) -> None:
    """SFTTrainer as its documentation shows it with peft, on tokens."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    turns, streams, tokenizer = prepared(pipe, chosen)
    rows = [
        {
            "input_ids": [*source, *target],
            "completion_mask": [0] * len(source) + [1] * len(target),
        }
        for stream in streams.values()
        for source, target in (stream.pair(index, 0) for index in range(len(stream)))
    ]
    mean = sum(sum(1 - of for of in row["completion_mask"]) for row in rows) / len(rows)
    model = AutoModelForCausalLM.from_pretrained(chosen.base, dtype=torch.float32)
    model.resize_token_embeddings(max(len(tokenizer.hf), model.config.vocab_size))
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(chosen.work / "sft"),
            per_device_train_batch_size=max(1, round(chosen.batch_tokens / mean)),
            max_steps=10**6,
            learning_rate=1e-4,
            bf16=chosen.precision == "bf16",
            use_cpu=not torch.cuda.is_available(),
            gradient_checkpointing=False,
            max_length=None,
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            report_to="none",
            dataloader_pin_memory=False,
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer.hf,
        peft_config=LoraConfig(
            r=chosen.rank,
            lora_alpha=2 * chosen.rank,
            lora_dropout=0.0,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        ),
    )
    counting(trainer, turns, lambda batch: int(batch["attention_mask"].sum())).train()


def our_trainer(pipe: Connection, chosen: argparse.Namespace) -> None:
    """GenTaP's trainer: planned batches, an adapter for each decoder."""
    import torch

    from gentap.model.loading.load import load_table_model
    from gentap.training.loop.trainer import PlannedTrainer
    from gentap.training.loop.training_arguments import make_arguments, optimizer_of

    turns, streams, tokenizer = prepared(pipe, chosen)
    steps = plan(
        streams, chosen.batch_tokens, 1000, seed=1, limit=(chosen.turns + 2) * chosen.steps
    )
    adapters = AdapterSettings(rank=chosen.rank, trunk=chosen.trunk)
    model: Any = load_table_model(chosen.base, tokenizer=tokenizer, dropout=0.0, adapters=adapters)
    model.accepts_loss_kwargs = False
    settings = PretrainSettings(
        optimizer="adamw",
        learning_rate=1e-4,
        precision=chosen.precision,
        adapters=adapters,
        arguments={"save_strategy": "no", "logging_strategy": "no"},
    )
    trainer = PlannedTrainer(
        model=model,
        args=make_arguments(settings, chosen.work / "ours", 1, len(steps), "bench"),
        keep=1,
        dev=None,
        optimizer_cls_and_kwargs=optimizer_of(settings, model),
        train_dataset=StepDataset(streams, steps, tokenizer.hf.pad_token_id),
    )
    torch.manual_seed(1)
    counting(trainer, turns).train()


if __name__ == "__main__":
    main()
