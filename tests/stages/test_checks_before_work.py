"""What is wrong with any stage is told before the first one begins, by its command and by `run`."""

import json
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from complaints import PAGE, TABLE, complaint, gentap, mined, questions, write
from toys import TEXTS, toy_t5

from gentap.errors import GentapError
from gentap.model.tokenizer import train_vocabulary
from gentap.settings.recipe import Recipe, make_settings, merge
from gentap.settings.sections import LinearizerSettings
from gentap.stages.stage import Stage

pytestmark = pytest.mark.usefixtures("own_folder")


@pytest.fixture
def _no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """`gentap run` fails where it would begin to work."""

    def make(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("work has begun")

    monkeypatch.setattr(Stage, "make", make)


READING = Path(__file__).resolve().parents[2] / "data" / "reading" / "questions.json"


def recipe(*changes: dict[str, Any]) -> str:
    """A right recipe with changes."""
    write("mara.html", PAGE)
    content: dict[str, Any] = {
        "output": "out",
        "mine": {"inputs": ["mara.html"]},
        "writer": {"data": [str(READING)], "held_out": 0.0},
        "finetune": {"train": [questions("train.jsonl")]},
        "evaluate": {"data": [questions("test.jsonl")]},
    }
    for change in changes:
        content = merge(content, change)
    return write("recipe.toml", tomli_w.dumps(content))


def arguments(section: str, **values: Any) -> dict[str, Any]:
    return {section: {"arguments": values}}


CELLS = {"question": "Which?", "answer": "Dusk", "kind": "cell", "table": TABLE}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"base": {"checkpoint": "./nowhere"}}, "./nowhere: no such model folder"),
        ({"evaluate": {"tune_length": ["dev.jsonl"]}}, "dev.jsonl: "),
        ({"write": {"filters": {"round_trip": "nowhere"}}}, "nowhere: no model folder"),
        (
            {"write": {"filters": {"round_trip": "finetuned-base"}}, "finetune": {"train": []}},
            "finetune.train names no annotated questions",
        ),
        ({"finetune": {"patience": 2}}, "finetune.patience needs dev questions"),
        ({"finetune": {"dev_answers": 2}}, "finetune.dev_answers needs dev questions"),
        ({"writer": {"patience": 2}}, "writer.patience needs held-out articles"),
        ({"writer": {"batch_tokens": 100}}, "writer.batch_tokens is 100, but"),
        ({"pretrain": {"batch_tokens": 1000}}, "pretrain.batch_tokens is 1,000, but"),
        ({"finetune": {"batch_tokens": 511}}, "finetune.batch_tokens is 511, but"),
        ({"pretrain": {"mix": {"cell": 20}}}, "one group of the mix may take 10,752"),
        ({"sample": {"delimiter": "ab"}}, "'ab' can't part cells"),
        ({"sample": {"encoding": "nope"}}, "'nope' is no encoding of text"),
        ({"pretrain": {"report_to": ["nope"]}}, "pretrain.arguments: nope is not supported"),
        (arguments("base", optim="nope"), "base.arguments: nope is not a valid"),
        (arguments("base", save_strategy="no"), "base.arguments: save_strategy must save"),
        (arguments("base", lr_scheduler_type="nope"), "base.arguments: nope is not a valid"),
        (arguments("writer", lr_scheduler_kwargs={"x": 1}), "writer.arguments: "),
        (
            merge(arguments("pretrain", optim_args="x"), {"pretrain": {"optimizer": "adamw"}}),
            "pretrain.arguments: ",
        ),
        (
            merge(arguments("finetune", adam_beta1=7.0), {"finetune": {"optimizer": "adamw"}}),
            "finetune.arguments: Invalid beta parameter",
        ),
        (arguments("pretrain", eval_strategy="steps"), "eval_strategy needs dev examples"),
        (
            merge(arguments("pretrain", warmup_steps=50), {"pretrain": {"max_steps": 20}}),
            "warmup_steps (50) are more than max_steps (20)",
        ),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("_no_work")
def test_a_run_ends_before_its_first_stage(change: dict[str, Any], said: str) -> None:
    assert said in complaint("run", recipe(change))
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"max_grad_norm": -1.0}, "max_grad_norm is -1.0: it can't be below 0"),
        ({"max_grad_norm": float("nan")}, "max_grad_norm is nan: Input should be a finite number"),
        ({"max_grad_norm": True}, "max_grad_norm is True: Input should be a valid number"),
        ({"logging_steps": "many"}, "logging_steps is 'many'"),
        ({"dataloader_num_workers": 10**6}, "it can't be above 1024"),
        ({"torch_compile": 1}, "torch_compile is 1: Input should be a valid boolean"),
    ],
)
def test_arguments_of_no_sense_are_refused_when_they_are_read(value: Any, said: str) -> None:
    with pytest.raises(GentapError) as caught:
        make_settings(Recipe, {"output": "o", "base": {"arguments": value}}, "x")
    assert said in str(caught.value)


@pytest.mark.usefixtures("_no_work")
def test_dev_must_hold_each_kind_that_is_trained() -> None:
    write("cells.jsonl", json.dumps(CELLS))
    changed = {"finetune": {"train": [questions("a.jsonl")], "dev": ["cells.jsonl"]}}
    message = complaint("run", recipe(changed))
    assert message.startswith("finetune: the training questions have long answers, those of dev")


@pytest.mark.usefixtures("_no_work")
def test_the_metric_of_the_best_state_must_be_measured() -> None:
    changed = {
        "finetune": {
            "dev": [questions("dev.jsonl")],
            "arguments": {"metric_for_best_model": "eval_long_bleu"},
        }
    }
    message = complaint("run", recipe(changed))
    assert "metric_for_best_model is 'eval_long_bleu', which is not measured" in message
    assert "eval_long_exact" in message


@pytest.mark.usefixtures("_no_work")
def test_length_is_tuned_by_sentences_alone() -> None:
    write("cells.jsonl", json.dumps(CELLS))
    changed = {"evaluate": {"tune_length": ["cells.jsonl"]}}
    assert "no question that is answered in a sentence" in complaint("run", recipe(changed))


def model() -> str:
    """A folder of a small T5 whose linearizer has settings of its own."""
    tokenizer = train_vocabulary(
        TEXTS, 320, LinearizerSettings(max_tokens=64, max_question_tokens=16, max_cell_chars=40)
    )
    toy_t5(len(tokenizer.hf)).save_pretrained("model")
    tokenizer.save(Path("model"))
    return "model"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["base", "mined", "--set", "patience=2"], "base: unknown setting 'patience'"),
        (["base", "mined", "--set", "base.epochs=nan"], "base: 'epochs' is nan: Input should be a"),
        (["base", "mined", "--set", "learning_rate=1e300"], "base: 'learning_rate' is 1e+300"),
        (["base", "mined", "--set", 'report_to=["nope"]'], "base.arguments: nope is not supported"),
        (["base", "mined", "--set", "writer.tags=false"], "base: unknown setting 'writer'"),
        (["base", "mined", "--set", "linearizer.max_tokens=9"], "linearizer: 'max_tokens' is 9"),
        (["sample", "mined", "--set", "sample.grammar=no.grammar"], "no.grammar"),
        (["sample", "mined", "-n", "3", "--set", "per_table=2"], "per_table is given twice"),
        (["mine", "pages", "--set", 'inputs=["x"]'], "mine: inputs is given twice"),
        (["pretrain", "--base", "model", "--long", "x", "--set", "patience=2"], "'patience'"),
        (
            ["finetune", "--model", "model", "--train", "test.jsonl", "--set", "batch_tokens=50"],
            "finetune.batch_tokens is 50, but a question with its table may take 64",
        ),
        (
            ["evaluate", "--model", "model", "--data", "test.jsonl", "--set", "beams=99999"],
            "evaluate: 'beams' is 99999: Input should be less than or equal to 128.",
        ),
    ],
)  # fmt: skip
def test_a_command_ends_before_any_work(command: list[str], said: str) -> None:
    mined()
    model()
    questions()
    assert said in complaint(*command, "-o", "out")
    assert not Path("out").exists()


def test_a_setting_may_have_its_sections_name_before_it() -> None:
    mined()
    sets = ["--set", "sample.per_table=1", "--set", "linearizer.max_tokens=256"]
    assert gentap("sample", "mined", "-o", "out", "--workers", "1", *sets).exit_code == 0
    kept = Path("out/.gentap/recipe.toml").read_text(encoding="utf-8")
    assert "per_table = 1" in kept
    assert "max_tokens = 256" in kept


def test_inputs_of_a_recipe_that_arguments_replace_are_told() -> None:
    path = recipe()
    write("pages/mara.html", PAGE)
    done = gentap("mine", "pages", "-o", "out", "--workers", "1", "--recipe", path)
    assert done.exit_code == 0
    assert "mine: inputs is that of the command line; the recipe's is left out" in done.stderr


def test_what_has_no_effect_is_told_and_done_all_the_same() -> None:
    mined()
    sets = ["--set", "top_p=0.5", "--set", "filters.round_trips=1"]
    message = gentap("questions", "write", "mined", "--writer", "./none", "-o", "out", *sets).stderr
    assert "write: top_p has no effect: it needs temperature above 0" in message
    assert "write: filters.round_trips has no effect: it needs round_trip" in message


def test_linearizer_settings_that_a_model_overrules_are_told() -> None:
    questions()
    sets = ["--set", "linearizer.max_tokens=128", "--set", "linearizer.max_question_tokens=32"]
    command = ["finetune", "--model", model(), "--train", "test.jsonl", "-o", "out"]
    sets += ["--set", "adapters.rank=4"]
    done = gentap(*command, *sets, "--set", "batch_tokens=50")
    assert "finetune: adapters have no effect: model has decoders of its own" in done.stderr
    assert "finetune: model has linearizer settings of its own; those given have no effect" in (
        done.stderr
    )
