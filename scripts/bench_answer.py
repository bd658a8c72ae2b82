"""Questions a second with both decoders, beside two calls of transformers' `generate`.

    python scripts/bench_answer.py --model runs/finetuned --data fetaQA-v1_test.jsonl

Both sides answer the same questions with both decoders in fp32, in one process and taken in turn,
part by part; tables are cut and tokenized beforehand, for both alike. The plain side takes batches
of `--batch` in the order of the file, pads each to its longest question, and calls
`generate` once for each decoder. Ours sorts all questions of a part by length, encodes a batch
once, and lets answered questions leave it. The model must have learnt to end its answers: one with
random weights writes to the greatest length, where nothing can leave early.

Answers are compared as texts. They are equal but where two tokens score alike to the last digits,
which rounding decides otherwise in a batch of another shape.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig

from gentap.documents.annotated.reading import read_annotated
from gentap.model.generate import generate_ids, pad
from gentap.model.network import DECODERS, load_model
from gentap.model.tokenizer import TableTokenizer, load_tokenizer
from gentap.settings import LinearizerSettings


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
    args = parser.parse_args()
    tokenizer = load_tokenizer(args.model, LinearizerSettings())
    model = load_model(args.model, vocabulary=len(tokenizer.hf))
    examples = read_annotated(args.data)[0][: args.questions]
    inputs = [tokenizer.linearizer.encode(one.question, one.table).ids for one in examples]
    options = {"beams": args.beams, "max_new_tokens": args.tokens, "batch_size": args.batch}
    size = -(-len(inputs) // args.parts)
    spent = {"two generate calls": 0.0, "GenTaP": 0.0}
    equal = dict.fromkeys(DECODERS, 0)
    for start in range(0, len(inputs), size):
        part = inputs[start : start + size]
        begun = time.perf_counter()
        wanted = plain(model, tokenizer, part, **options)
        spent["two generate calls"] += time.perf_counter() - begun
        begun = time.perf_counter()
        ids = generate_ids(model, tokenizer, part, decoders=DECODERS, precision="fp32", **options)
        spent["GenTaP"] += time.perf_counter() - begun
        for decoder in DECODERS:
            said = tokenizer.texts(ids[decoder])
            equal[decoder] += sum(map(str.__eq__, said, wanted[decoder]))
    lengths = sorted(map(len, inputs))
    print(
        f"{len(inputs)} questions, {model.num_parameters():,} parameters, beams {args.beams}, "
        f"batches of {args.batch}, inputs of {lengths[0]} to {lengths[-1]} tokens (median "
        f"{lengths[len(lengths) // 2]}), {torch.get_num_threads()} thread(s)"
    )
    for side, seconds in spent.items():
        print(f"{side:<20} {len(inputs) / seconds:8.2f} questions/s")
    print(f"ratio                {spent['two generate calls'] / spent['GenTaP']:8.2f}")
    for decoder, count in equal.items():
        print(f"equal {decoder} answers   {count} of {len(inputs)}")


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
    settings = GenerationConfig(
        num_beams=beams,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        pad_token_id=tokenizer.hf.pad_token_id,
        eos_token_id=tokenizer.hf.eos_token_id,
        decoder_start_token_id=model.config.decoder_start_token_id,
    )
    answers: dict[str, list[str]] = {}
    for decoder in DECODERS:
        answers[decoder] = []
        for start in range(0, len(inputs), batch_size):
            ids, mask = pad(inputs[start : start + batch_size], tokenizer.hf.pad_token_id)
            written = model.generate(ids, mask, decoder=decoder, generation_config=settings)
            answers[decoder] += tokenizer.texts(written)
    return answers


if __name__ == "__main__":
    main()
