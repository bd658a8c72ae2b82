"""Questions a second of the writer's backends, side by side.

Usage: python scripts/benchmarks/bench_write.py MINED TOKENIZER [--writer FOLDER] [--beams 4] \\
    [--rounds 5] …

Blocks of sentences of a mined folder go through each backend in turn, block after block, so that
whatever else the machine does falls on all of them; reported are the medians of each block's
ratios. Without ``--writer`` the model has T5-small's size, random weights and the vocabulary of
``TOKENIZER`` (a folder of `gentap base`): its questions never end, so that all of them have the
same capped length. The baseline is ``model.generate`` in fp32 with batches in corpus order, on as
many threads as CTranslate2 gets. A decoder-only ``--writer`` is run by GenTaP's own search, the one
backend that it has, beside ``generate`` from the whole input (`whole_input.py`).
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from peak_memory import peak_memory, reset_peak

from gentap.questions.writer_input import Layout, WriterInput, mined_sources, save_layout
from gentap.records import mined_from_row
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.settings.question_sections import WriteSettings
from gentap.settings.sections import LinearizerSettings

SMALL = {"d_model": 512, "d_kv": 64, "d_ff": 2048, "num_heads": 8, "num_layers": 6}


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as scratch:
        report = bench(options, Path(scratch))
    print(json.dumps(report, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("mined", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("--writer", type=Path, default=None)
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=24, help="longest question")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--block", type=int, default=64, help="sentences a block")
    parser.add_argument("--rounds", type=int, default=5, help="blocks")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def bench(options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """The report: medians of questions a second, ratios to the baseline, and agreement."""
    import torch

    from gentap.model.causal import CausalModel
    from gentap.questions.writers.ctranslate2_writer import CTranslate2Writer
    from gentap.questions.writers.open_writer import open_local_writer

    torch.set_num_threads(options.threads)
    folder = str(options.writer or small_model(options.tokenizer, scratch / "model"))

    def settings(backend: Any, **more: Any) -> WriteSettings:
        return WriteSettings(
            backend=backend,
            beams=options.beams,
            batch_size=options.batch,
            max_question_tokens=options.tokens,
            threads=options.threads,
            **more,
        )

    local = open_local_writer(folder, settings("transformers", precision="fp32"))
    writers: dict[str, Callable[[list[WriterInput]], list[list[str]]]] = {
        "model.generate, fp32, corpus order": lambda block: in_corpus_order(local, block, options),
    }
    if isinstance(local.model, CausalModel):
        writers["transformers, fp32"] = lambda block: texts(local.write(block, 1))
    else:
        fast = CTranslate2Writer(folder, settings("ctranslate2"), scratch)
        small = CTranslate2Writer(folder, settings("ctranslate2-int8"), scratch)
        writers["ctranslate2, fp32"] = lambda block: texts(fast.write(block, 1))
        writers["ctranslate2, int8"] = lambda block: texts(small.write(block, 1))
    seconds: dict[str, list[float]] = {name: [] for name in writers}
    said: dict[str, list[list[str]]] = {name: [] for name in writers}
    memory = dict.fromkeys(writers, 0.0)
    blocks = list(_blocks(options))
    for writer in writers.values():
        writer(blocks[0][: options.batch])  # warm
    for block in blocks:
        for name, writer in writers.items():
            reset_peak()
            started = time.monotonic()
            said[name] += writer(block)
            seconds[name].append(time.monotonic() - started)
            memory[name] = max(memory[name], peak_memory())
    baseline, *others = writers
    return {
        "model": "trained" if options.writer else "T5-small's size, random",
        "parameters": local.model.num_parameters(),
        "beams": options.beams,
        "threads": options.threads,
        "sentences": sum(map(len, blocks)),
        "mean characters of a question": round(
            statistics.mean(len(found[0]) for found in said[baseline]), 1
        ),
        "questions a second, median of blocks": {
            name: round(options.block / statistics.median(times), 2)
            for name, times in seconds.items()
        },
        "times the baseline, median of blocks": {
            name: round(_median_ratio(seconds[baseline], seconds[name]), 2) for name in others
        },
        "GiB at the peak": {name: round(of / 2**30, 2) for name, of in memory.items()},
        "same best question": {name: _share(said[baseline], said[name], 1) for name in others},
        "same questions, all beams": {
            name: _share(said[baseline], said[name], options.beams) for name in others
        },
        **_share_of_generate(open_local_writer(folder, settings("transformers")), blocks[0]),
    }


def _blocks(options: argparse.Namespace) -> Iterator[list[WriterInput]]:
    """Blocks of neighbours, from places spread over the corpus."""
    rows = read_rows(parts(options.mined / "sentences"))
    block: list[WriterInput] = []
    made = 0
    for row in rows:
        block += mined_sources(mined_from_row(row), 1, 1, Layout().max_entries)
        if len(block) >= options.block:
            yield block[: options.block]
            block = []
            made += 1
            if made == options.rounds:
                return


def small_model(tokenizer: Path, folder: Path) -> Path:
    """A random T5 of T5-small's size with a given vocabulary."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    from gentap.model.tokenizer import load_tokenizer

    loaded = load_tokenizer(str(tokenizer), LinearizerSettings())
    torch.manual_seed(0)
    size = -(-len(loaded.hf) // 8) * 8
    config = T5Config(
        vocab_size=size, decoder_start_token_id=0, pad_token_id=0, eos_token_id=1, **SMALL
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    loaded.save(folder)
    save_layout(Layout(tags=True), folder)
    return folder


def in_corpus_order(
    writer: Any, sources: list[WriterInput], options: argparse.Namespace
) -> list[list[str]]:
    """As people write it at first: batches as they come, all of them until the last one ends."""
    import torch
    from whole_input import generate_whole

    from gentap.model.causal import CausalModel
    from gentap.model.generate import pad

    codec, found = writer.codec, []
    several = {"beams": options.beams, "max_new_tokens": options.tokens}
    several |= {"several": options.beams}
    for start in range(0, len(sources), options.batch):
        batch = sources[start : start + options.batch]
        pieces = [codec.pieces(source) for source in batch]
        inputs = [codec.encode_pieces(piece) for piece in pieces]
        if isinstance(writer.model, CausalModel):
            end = codec.tokenizer.hf.eos_token_id
            rows = generate_whole(writer.model, "long", inputs, end, **several)
            found += _decoded(codec, rows, pieces, options.beams)
            continue
        ids, mask = pad(inputs, 0)
        with torch.inference_mode():
            written = writer.model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=options.tokens,
                num_beams=options.beams,
                num_return_sequences=options.beams,
                early_stopping=options.beams > 1,
            )
        rows = [_until_end(row) for row in written[:, 1:].tolist()]
        found += _decoded(codec, rows, pieces, options.beams)
    return found


def _decoded(codec: Any, rows: list[list[int]], pieces: list[Any], beams: int) -> list[list[str]]:
    """The different questions of each input, from rows of ``beams`` for each."""
    return [
        list(
            dict.fromkeys(
                codec.decode(row, piece) for row in rows[number * beams : (number + 1) * beams]
            )
        )
        for number, piece in enumerate(pieces)
    ]


def _until_end(row: list[int]) -> list[int]:
    return row[: row.index(1)] if 1 in row else row


def texts(results: list[Any]) -> list[list[str]]:
    return [[one.question for one in result] for result in results]


def _share_of_generate(writer: Any, block: list[WriterInput]) -> dict[str, float]:
    """Of the time of the transformers backend, in its usual precision, that of ``generate``."""
    if not hasattr(writer.model, "generate"):
        return {}
    spent = 0.0
    generate = writer.model.generate

    def timed(*args: Any, **kwargs: Any) -> Any:
        nonlocal spent
        started = time.monotonic()
        found = generate(*args, **kwargs).cpu()
        spent += time.monotonic() - started
        return found

    writer.model.generate = timed
    started = time.monotonic()
    writer.write(block, 1)
    return {"share of the time spent generating": round(spent / (time.monotonic() - started), 3)}


def _median_ratio(baseline: list[float], times: list[float]) -> float:
    return statistics.median(b / t for b, t in zip(baseline, times, strict=True))


def _share(wanted: list[list[str]], found: list[list[str]], first: int) -> float:
    same = [set(a[:first]) == set(b[:first]) for a, b in zip(wanted, found, strict=True)]
    return round(sum(same) / len(same), 4)


if __name__ == "__main__":
    main()
