"""Questions a second with both decoders, beside two calls of transformers' `generate`.

    python scripts/benchmarks/bench_answer.py --model runs/finetuned --data fetaQA-v1_test.jsonl
    python scripts/benchmarks/bench_answer.py --model runs/finetuned --data data/training.tsv \\
        --tables

The model may be an encoder-decoder or decoder-only; of the latter each plain call reads the whole
input (`whole_input.py`).

Both sides answer the same questions with both decoders in fp32, in one process and taken in turn,
part by part; tables are cut and tokenized beforehand, for both alike. The plain side takes batches
of `--batch` in the order of the file, pads each to its longest question, and calls
`generate` once for each decoder. Ours sorts all questions of a part by length, encodes a batch
once, and lets answered questions leave it. The model must have learnt to end its answers: one with
random weights writes to the greatest length, where nothing can leave early.

`--tables` asks instead what it brings to put the questions of one table together. The questions
are ordered by table, and ours answers each part in three ways: sorted by length, table after table
in full batches (the table with the shortest input first), and each table by itself.

Times are the process's processor time, which a loaded machine changes little; wall time is the
same on one thread of an idle one. Answers are compared as texts. They are equal but where two
tokens score alike to the last digits, which rounding decides otherwise in a batch of another shape.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peak_memory import peak_memory, reset_peak
from transformers import GenerationConfig
from whole_input import generate_whole

from gentap.documents.annotated.reading import read_annotated
from gentap.model.causal import CausalModel
from gentap.model.generate import generate_ids, pad
from gentap.model.loading.load import load_table_model
from gentap.model.objectives import DECODERS
from gentap.model.tokenizer import TableTokenizer, load_tokenizer
from gentap.records import Example, table_digest
from gentap.settings.sections import LinearizerSettings


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", required=True, help="a GenTaP model's folder")
    parser.add_argument("--data", required=True, type=Path, help="annotated questions")
    parser.add_argument("--questions", type=int, default=256)
    parser.add_argument("--parts", type=int, default=4, help="parts that the sides take in turn")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=64, help="longest answer")
    parser.add_argument("--tables", action="store_true", help="a table's questions together")
    args = parser.parse_args()
    tokenizer = load_tokenizer(args.model, LinearizerSettings())
    model = load_table_model(args.model, tokenizer=tokenizer)
    examples = read_annotated(args.data)[0]
    if args.tables:
        examples = by_table(examples, args.questions)
    examples = examples[: args.questions]
    inputs = [tokenizer.linearizer.encode(one.question, one.table).ids for one in examples]
    tables = [table_digest(one.table) for one in examples]
    options = {"beams": args.beams, "max_new_tokens": args.tokens, "batch_size": args.batch}

    def ours(part: Sequence[int]) -> dict[str, list[str]]:
        chosen = [inputs[place] for place in part]
        ids = generate_ids(model, tokenizer, chosen, decoders=DECODERS, precision="fp32", **options)
        return {decoder: tokenizer.texts(ids[decoder]) for decoder in DECODERS}

    def in_calls(calls: Sequence[Sequence[int]], part: Sequence[int]) -> dict[str, list[str]]:
        told: dict[str, dict[int, str]] = {decoder: {} for decoder in DECODERS}
        for call in calls:
            for decoder, texts in ours(call).items():
                told[decoder] |= dict(zip(call, texts, strict=True))
        return {decoder: [told[decoder][place] for place in part] for decoder in DECODERS}

    def side_by_side(part: Sequence[int]) -> dict[str, list[str]]:
        order = [place for group in groups(part, inputs, tables) for place in group]
        starts = range(0, len(order), args.batch)
        return in_calls([order[start : start + args.batch] for start in starts], part)

    def one_by_one(part: Sequence[int]) -> dict[str, list[str]]:
        return in_calls(groups(part, inputs, tables), part)

    def two_calls(part: Sequence[int]) -> dict[str, list[str]]:
        return plain(model, tokenizer, [inputs[place] for place in part], **options)

    sides = {"two generate calls": two_calls, "GenTaP": ours}
    if args.tables:
        sides = {"sorted by length": ours, "table after table": side_by_side}
        sides["each table alone"] = one_by_one
    spent, memory = dict.fromkeys(sides, 0.0), dict.fromkeys(sides, 0.0)
    equal = {(side, decoder): 0 for side in list(sides)[1:] for decoder in DECODERS}
    size = -(-len(inputs) // args.parts)
    for start in range(0, len(inputs), size):
        part = range(start, min(start + size, len(inputs)))
        wanted: dict[str, list[str]] = {}
        for side, answer in sides.items():
            reset_peak()
            begun = time.process_time()
            said = answer(part)
            spent[side] += time.process_time() - begun
            memory[side] = max(memory[side], peak_memory())
            wanted = wanted or said
            for decoder in DECODERS if said is not wanted else ():
                equal[side, decoder] += sum(map(str.__eq__, said[decoder], wanted[decoder]))
    lengths = sorted(map(len, inputs))
    print(
        f"{len(inputs)} questions of {len(set(tables))} tables, {model.num_parameters():,} "
        f"parameters, beams {args.beams}, batches of {args.batch}, inputs of {lengths[0]} to "
        f"{lengths[-1]} tokens (median {lengths[len(lengths) // 2]}), {torch.get_num_threads()} "
        "thread(s)"
    )
    first = next(iter(sides))
    for side, seconds in spent.items():
        ratio = spent[first] / seconds
        print(
            f"{side:<20} {len(inputs) / seconds:8.2f} questions/s {ratio:8.2f} times '{first}', "
            f"{memory[side] / 2**30:.2f} GiB at the peak"
        )
    for (side, decoder), count in equal.items():
        print(f"{side:<20} {count} of {len(inputs)} {decoder} answers equal")


def by_table(examples: Sequence[Example], questions: int) -> list[Example]:
    """At least so many examples: all of a table together, tables as they first come."""
    of_table: dict[str, list[Example]] = {}
    for example in examples:
        of_table.setdefault(table_digest(example.table), []).append(example)
    chosen: list[Example] = []
    for group in of_table.values():
        if len(chosen) >= questions:
            break
        chosen += group
    return chosen


def groups(
    part: Sequence[int], inputs: Sequence[Sequence[int]], tables: Sequence[str]
) -> list[list[int]]:
    """The places of each table's questions, the table with the shortest input first."""
    of_table: dict[str, list[int]] = {}
    for place in sorted(part, key=lambda place: len(inputs[place])):
        of_table.setdefault(tables[place], []).append(place)
    return list(of_table.values())


@torch.inference_mode()
def plain(
    model: Any,
    tokenizer: TableTokenizer,
    inputs: Sequence[Sequence[int]],
    *,
    beams: int,
    max_new_tokens: int,
    batch_size: int,
) -> dict[str, list[str]]:
    """The answers by `generate`, batch by batch in the given order."""
    starts = range(0, len(inputs), batch_size)
    if isinstance(model, CausalModel):
        end = tokenizer.hf.eos_token_id
        search = {"beams": beams, "max_new_tokens": max_new_tokens}
        written = {
            decoder: [
                generate_whole(model, decoder, inputs[start : start + batch_size], end, **search)
                for start in starts
            ]
            for decoder in DECODERS
        }
        return {
            decoder: [text for batch in batches for text in tokenizer.texts(batch)]
            for decoder, batches in written.items()
        }
    settings = GenerationConfig(
        num_beams=beams,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        use_cache=True,
        pad_token_id=tokenizer.hf.pad_token_id,
        eos_token_id=tokenizer.hf.eos_token_id,
        decoder_start_token_id=model.config.decoder_start_token_id,
    )
    answers: dict[str, list[str]] = {}
    for decoder in DECODERS:
        answers[decoder] = []
        for start in starts:
            ids, mask = pad(inputs[start : start + batch_size], tokenizer.hf.pad_token_id)
            written = model.generate(ids, mask, decoder=decoder, generation_config=settings)
            answers[decoder] += tokenizer.texts(written)
    return answers


if __name__ == "__main__":
    main()
