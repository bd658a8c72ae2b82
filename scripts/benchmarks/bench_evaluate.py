"""Answers of `gentap evaluate` against Seq2SeqTrainer.predict: the same model, questions and beams.

Both write in fp32, turn by turn on parts of the questions. What counts is the time of all threads
on processors, which a busy machine changes least; give one thread (OMP_NUM_THREADS=1). The trainer
predicts with the library's defaults: batches of 8 in the order of the data. The answers must be
equal, token for token but for ties that padding decides in the last bits; those that differ are
counted and shown.

    OMP_NUM_THREADS=1 python scripts/benchmarks/bench_evaluate.py MODEL fetaQA-v1_test.jsonl \\
        --questions 256
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import torch
from transformers import GenerationConfig, Seq2SeqTrainer, Seq2SeqTrainingArguments

from gentap.documents.annotated.reading import read_questions
from gentap.evaluation.predict import ChunkedAnswers, Length
from gentap.model.generate import pad
from gentap.model.network import load_model
from gentap.model.tokenizer import load_tokenizer
from gentap.records import Example
from gentap.settings.sections import EvaluateSettings, LinearizerSettings


class Theirs:
    """Seq2SeqTrainer.predict on the same inputs."""

    def __init__(self, path: str, settings: EvaluateSettings, batch_size: int) -> None:
        self._tokenizer = load_tokenizer(path, LinearizerSettings())
        model = load_model(path, vocabulary=len(self._tokenizer.hf)).stock("long")
        start = model.config.decoder_start_token_id
        padding = self._tokenizer.hf.pad_token_id
        arguments = Seq2SeqTrainingArguments(
            output_dir=tempfile.mkdtemp(),
            per_device_eval_batch_size=batch_size,
            predict_with_generate=True,
            report_to=[],
            disable_tqdm=True,
            generation_config=GenerationConfig(
                max_new_tokens=settings.max_answer_tokens,
                num_beams=settings.beams,
                length_penalty=settings.length_penalty,
                do_sample=False,
                use_cache=True,
                pad_token_id=padding,
                eos_token_id=self._tokenizer.hf.eos_token_id,
                decoder_start_token_id=padding if start is None else start,
            ),
        )
        self._trainer = Seq2SeqTrainer(model, arguments, data_collator=self._collate)

    def _collate(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        ids, mask = pad([row["input_ids"] for row in rows], self._tokenizer.hf.pad_token_id)
        return {"input_ids": ids, "attention_mask": mask}

    def answer(self, examples: list[Example]) -> list[str]:
        encode = self._tokenizer.linearizer.encode
        rows = [{"input_ids": encode(one.question, one.table).ids} for one in examples]
        written = self._trainer.predict(rows).predictions  # type: ignore[arg-type]
        written[written < 0] = self._tokenizer.hf.pad_token_id
        return self._tokenizer.texts(written)


class Ours:
    """What `gentap evaluate` runs."""

    def __init__(self, path: str, settings: EvaluateSettings) -> None:
        self._path, self._settings = path, settings
        self._model = load_model(path)

    def answer(self, examples: list[Example]) -> list[str]:
        answerer = ChunkedAnswers(self._path, examples, self._settings, model=self._model)
        with tempfile.TemporaryDirectory() as folder:
            return answerer.answer(Length(self._settings.length_penalty, 0), Path(folder), "ours")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", help="a T5's or a GenTaP model's folder")
    parser.add_argument("data", help="annotated questions that are answered in sentences")
    parser.add_argument("--questions", type=int, default=0, help="so many, evenly spread; 0: all")
    parser.add_argument("--parts", type=int, default=4, help="turns that both take")
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument("--trainer-batch", type=int, default=8, help="questions a batch of theirs")
    options = parser.parse_args()

    examples = [one for one in read_questions([options.data]).examples if one.kind == "long"]
    count = options.questions or len(examples)
    examples = [examples[place * len(examples) // count] for place in range(count)]
    settings = EvaluateSettings(beams=options.beams, precision="fp32")
    systems = {
        "Seq2SeqTrainer.predict": Theirs(options.model, settings, options.trainer_batch),
        "gentap evaluate": Ours(options.model, settings),
    }
    seconds = dict.fromkeys(systems, 0.0)
    answers: dict[str, list[str]] = {name: [] for name in systems}
    for part in range(options.parts):
        chosen = examples[part * count // options.parts : (part + 1) * count // options.parts]
        order = list(systems) if part % 2 == 0 else list(reversed(systems))
        for name in order:
            started = time.process_time()
            answers[name] += systems[name].answer(chosen)
            seconds[name] += time.process_time() - started
        print(*(f"{name}: {total:.1f} s" for name, total in seconds.items()), sep=", ", flush=True)
    theirs, ours = answers.values()
    differing = [place for place in range(count) if theirs[place] != ours[place]]
    for place in differing[:5]:
        print(f"  theirs: {theirs[place]}\n  ours:   {ours[place]}")
    slow, fast = seconds.values()
    print(
        f"{count:,} questions, {options.beams} beams, fp32, {torch.get_num_threads()} threads: "
        f"{count / slow:.2f} and {count / fast:.2f} a second, {slow / fast:.2f} times as fast; "
        f"{count - len(differing):,} of {count:,} answers equal"
    )


if __name__ == "__main__":
    main()
