"""Training speed: GenTaP's trainer against Seq2SeqTrainer on the stock model, side by side.

    python scripts/benchmarks/bench_train.py --base runs/base --long runs/long --cell runs/cell

Both train the same checkpoint on the same examples, in bf16: one with transformers' own
Seq2SeqTrainer, a model of one decoder, random batches and the ordinary padding collator; the other
with GenTaP's trainer and two decoders. Each runs in a process of its own. They take turns, a few
steps each, so that whatever else the machine does falls on both; reported is the median of the
turns' ratios, by the clock and, for busy machines without a GPU, by the processor's time.
`--what decoders` takes turns between a model of two decoders and one of one decoder
on the very same batches; `--what padding` only plans the batches and counts their padding.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from peak_memory import peak_memory

from gentap.model.tokenizer import load_tokenizer
from gentap.records import example_from_row
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.store import Tally
from gentap.settings.sections import LinearizerSettings
from gentap.settings.training_sections import PretrainSettings
from gentap.training.data.batches import StepDataset, plan, split_by_width
from gentap.training.data.examples import TableEncoder
from gentap.training.data.streams import PairStream
from gentap.training.data.token_store import write_tokens

KINDS = ("long", "cell")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--base", required=True, help="a T5's folder or hub name")
    options.add_argument("--long", required=True, type=Path, help="examples with sentence answers")
    options.add_argument("--cell", required=True, type=Path, help="examples with cell answers")
    options.add_argument("--what", choices=["trainers", "decoders", "padding"], default="trainers")
    options.add_argument("--work", type=Path, default=Path("runs/bench-train"))
    options.add_argument("--max-tokens", type=int, default=384, help="longest input")
    options.add_argument("--batch-tokens", type=int, default=4096, help="input tokens of a step")
    options.add_argument("--examples", type=int, default=12_000, help="examples of each kind")
    options.add_argument("--turns", type=int, default=12, help="turns of each")
    options.add_argument("--steps", type=int, default=4, help="steps a turn")
    options.add_argument("--threads", type=int, default=1, help="threads of each process")
    chosen = options.parse_args()
    streams = tokenize(chosen)
    padding(streams, chosen.batch_tokens)
    if chosen.what == "padding":
        return
    pair = {"trainers": (stock_trainer, our_trainer), "decoders": (one_decoder, two_decoders)}
    names = [worker.__name__.replace("_", " ") for worker in pair[chosen.what]]
    turns = take_turns(pair[chosen.what], chosen)
    report(names, turns, chosen.what)


def tokenize(chosen: argparse.Namespace) -> dict[str, PairStream]:
    """The first examples of each kind as a training's token stores; kept for the next run."""
    settings = LinearizerSettings(max_tokens=chosen.max_tokens, max_question_tokens=64)
    encoder = TableEncoder(chosen.base, settings, longest=96)
    streams = {}
    for kind in KINDS:
        rows = read_rows(parts(getattr(chosen, kind)))
        examples = [example_from_row(row) for row in islice(rows, chosen.examples)]
        pairs = encoder.encode(examples, Tally(), workers=1)
        streams[kind] = PairStream(write_tokens(chosen.work / "tokens" / kind, pairs))
    return streams


def padding(streams: dict[str, PairStream], batch_tokens: int) -> None:
    """Print the share of padding in the planned batches' inputs."""
    steps = plan(streams, batch_tokens, 1.0, seed=1)
    data = StepDataset(streams, steps, 0)
    masks = [
        part["attention_mask"]
        for index in range(0, len(steps), len(steps) // 400 + 1)
        for part in split_by_width(data[index])
    ]
    real, cells = sum(int(mask.sum()) for mask in masks), sum(mask.numel() for mask in masks)
    count = len(range(0, len(steps), len(steps) // 400 + 1))
    rows = sum(len(mask) for mask in masks) / count
    print(
        f"planned batches: {100 * (1 - real / cells):.1f}% of the input is padding "
        f"({len(steps):,} batches of {rows:.1f} examples on the mean, "
        f"{real / count:,.0f} tokens)"
    )


def take_turns(workers: Any, chosen: argparse.Namespace) -> list[list[dict[str, float]]]:
    """Run both workers by turns; what each reported of each turn."""
    context = multiprocessing.get_context("spawn")
    pipes = []
    processes = []
    for worker in workers:
        here, there = context.Pipe()
        process = context.Process(target=worker, args=(there, chosen), daemon=True)
        process.start()
        pipes.append(here)
        processes.append(process)
    turns: list[list[dict[str, float]]] = []
    for turn in range(chosen.turns + 1):  # the first warms up
        both = []
        for pipe in pipes:
            pipe.send("go")
            both.append(pipe.recv())
        if turn:
            turns.append(both)
            shown = "  ".join(f"{one['tokens'] / one['seconds']:8,.0f} tokens/s" for one in both)
            print(f"turn {turn}: {shown}", flush=True)
    for process in processes:
        process.kill()
    return turns


def report(
    names: list[str], turns: list[list[dict[str, float]]], what: str, aim: float = 1.5
) -> None:
    for place, name in enumerate(names):
        rates = [both[place]["tokens"] / both[place]["seconds"] for both in turns]
        steps = [both[place]["seconds"] / both[place]["steps"] for both in turns]
        print(
            f"{name}: {statistics.median(rates):,.0f} real tokens/s (median), "
            f"{1000 * statistics.median(steps):,.0f} ms a step, "
            f"{max(both[place]['memory'] for both in turns) / 2**30:.2f} GiB at most"
        )
    for clock, unit in (("seconds", "second"), ("computed", "second of processor time")):
        if what == "trainers":
            ratios = [
                (two["tokens"] / two[clock]) / (one["tokens"] / one[clock]) for one, two in turns
            ]
            told, bound = f"real tokens a {unit}", f"at least {aim}"
        else:
            ratios = [two[clock] / one[clock] for one, two in turns]
            told, bound = f"a step's time by the {unit}", "at most 1.1"
        print(f"{told}, {names[1]} over {names[0]}: {spread(ratios)} (aim: {bound})")


def spread(ratios: list[float]) -> str:
    low, _, high = statistics.quantiles(ratios, n=4)
    return f"{statistics.median(ratios):.2f} (quartiles {low:.2f} to {high:.2f})"


class Turns:
    """A worker's side: counts what it trains on, and waits for its turn."""

    def __init__(self, pipe: Connection, steps: int) -> None:
        self._pipe, self._steps = pipe, steps
        self._tokens = self._done = 0
        self._started = self._computed = 0.0

    def count(self, tokens: int) -> None:
        """Called with the real tokens of each batch before it is trained on."""
        if self._done == 0 and self._tokens == 0:
            self._pipe.recv()
            self._started, self._computed = time.perf_counter(), time.process_time()
        self._tokens += tokens

    def step(self) -> None:
        """Called when an optimizer step is done."""
        self._done += 1
        if self._done == self._steps:
            seconds = time.perf_counter() - self._started
            computed = time.process_time() - self._computed
            turn = {"tokens": self._tokens, "seconds": seconds, "steps": self._done}
            turn["computed"] = computed
            self._pipe.send({**turn, "memory": peak_memory()})
            self._tokens = self._done = 0


def inputs_and_targets(batch: dict[str, Any]) -> int:
    """The tokens of a batch that are no padding."""
    targets = (value for name, value in batch.items() if "labels" in name)
    return int(batch["attention_mask"].sum() + sum((value != -100).sum() for value in targets))


def prepared(pipe: Connection, chosen: argparse.Namespace) -> tuple[Turns, dict[str, PairStream]]:
    import torch

    torch.set_num_threads(chosen.threads)
    return Turns(pipe, chosen.steps), tokenize(chosen)


def counting(
    trainer: Any, turns: Turns, tokens: Callable[[dict[str, Any]], int] = inputs_and_targets
) -> Any:
    """The trainer, its steps and the tokens of its batches counted."""
    from transformers import TrainerCallback

    class StepDone(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            turns.step()

    plain = trainer.training_step

    def training_step(model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        turns.count(tokens(inputs))
        return plain(model, inputs, *args, **kwargs)

    trainer.training_step = training_step
    trainer.add_callback(StepDone())
    return trainer


def stock_trainer(pipe: Connection, chosen: argparse.Namespace) -> None:
    """Seq2SeqTrainer as its documentation shows it: random batches, padded to their longest."""
    import torch
    from transformers import (
        AutoModelForSeq2SeqLM,
        DataCollatorForSeq2Seq,
        Seq2SeqTrainer,
        Seq2SeqTrainingArguments,
    )

    turns, streams = prepared(pipe, chosen)
    rows = [
        {"input_ids": list(source), "labels": list(target)}
        for stream in streams.values()
        for source, target in (stream.pair(index, 0) for index in range(len(stream)))
    ]
    tokenizer = load_tokenizer(chosen.base, LinearizerSettings())
    model = AutoModelForSeq2SeqLM.from_pretrained(chosen.base, dropout_rate=0.1)
    if len(tokenizer.hf) > model.config.vocab_size:
        model.resize_token_embeddings(len(tokenizer.hf))
    mean = sum(len(row["input_ids"]) for row in rows) / len(rows)
    trainer = Seq2SeqTrainer(
        model=model,
        args=Seq2SeqTrainingArguments(
            output_dir=str(chosen.work / "stock"),
            per_device_train_batch_size=max(1, round(chosen.batch_tokens / mean)),
            max_steps=10**6,
            learning_rate=1e-4,
            optim="adafactor",
            bf16=True,
            use_cpu=not torch.cuda.is_available(),
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            report_to="none",
            dataloader_pin_memory=False,
        ),
        train_dataset=rows,  # type: ignore[arg-type]
        data_collator=DataCollatorForSeq2Seq(tokenizer.hf, model=model),
    )
    counting(trainer, turns).train()


def our_trainer(pipe: Connection, chosen: argparse.Namespace) -> None:
    """GenTaP's trainer: planned batches, two decoders."""
    ours(pipe, chosen, decoders=2)


def two_decoders(pipe: Connection, chosen: argparse.Namespace) -> None:
    ours(pipe, chosen, decoders=2)


def one_decoder(pipe: Connection, chosen: argparse.Namespace) -> None:
    """The same batches, all of their rows to one decoder."""
    ours(pipe, chosen, decoders=1)


def ours(pipe: Connection, chosen: argparse.Namespace, decoders: int) -> None:
    import torch

    from gentap.model.loading.checkpoints import load_seq2seq
    from gentap.model.network import load_model
    from gentap.training.loop.trainer import PlannedTrainer
    from gentap.training.loop.training_arguments import make_arguments, optimizer_of

    turns, streams = prepared(pipe, chosen)
    steps = plan(
        streams, chosen.batch_tokens, 1000, seed=1, limit=(chosen.turns + 2) * chosen.steps
    )
    data: Any = StepDataset(streams, steps, 0)
    vocabulary = len(load_tokenizer(chosen.base, LinearizerSettings()).hf)
    if decoders == 1:
        data = OneDecoder(data)
        model = load_seq2seq(chosen.base, vocabulary=vocabulary, dropout=0.1)
    else:
        model = load_model(chosen.base, vocabulary=vocabulary, dropout=0.1)
    model.accepts_loss_kwargs = False
    settings = PretrainSettings(
        learning_rate=1e-4,
        precision="bf16",
        arguments={"save_strategy": "no", "logging_strategy": "no"},
    )
    arguments = make_arguments(settings, chosen.work / f"ours-{decoders}", 1, len(steps), "bench")
    trainer = PlannedTrainer(
        model=model,
        args=arguments,
        keep=1,
        dev=None,
        optimizer_cls_and_kwargs=optimizer_of(settings, model),
        train_dataset=data,
    )
    torch.manual_seed(1)
    counting(trainer, turns).train()


class OneDecoder:
    """Batches of two decoders as batches of one: the same rows, their targets padded together."""

    def __init__(self, data: StepDataset) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: int) -> dict[str, Any]:
        import torch

        batch = self._data[index]
        targets = [batch.pop(f"{kind}_labels") for kind in KINDS]
        width = max(labels.shape[1] for labels in targets)
        padded = [
            torch.nn.functional.pad(labels, (0, width - labels.shape[1]), value=-100)
            for labels in targets
        ]
        return {**batch, "labels": torch.cat(padded)}


if __name__ == "__main__":
    main()
