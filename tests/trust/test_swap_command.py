"""`gentap swap`, `gentap evaluate --swap` and copies in pretraining, on the project's questions."""

from pathlib import Path

import numpy as np
import pytest
from complaints import complaint, gentap, jsonl, write

from gentap.documents.annotated.reading import read_questions
from gentap.evaluation.metrics.scoring import score
from gentap.runs.files.own_files import read_json, read_json_lines
from gentap.trust.swap import swap
from gentap.trust.word_lists import find_word_list, read_word_list

NOBODY = {
    "question": "Which river is longest?",
    "answer": "It is the Volga.",
    "table": {"header": ["River"], "rows": [["Volga"]]},
}


def test_copies_are_examples_that_other_commands_read(data: Path, tmp_path: Path) -> None:
    source, out = data / "qa" / "train.jsonl", tmp_path / "swapped"
    done = gentap("swap", str(source), "-o", str(out))
    assert done.exit_code == 0, done.output
    words = read_word_list(find_word_list("english"))
    found = [one for each in read_questions([source]).examples if (one := swap(each, words))]
    assert read_questions([out]).examples == [one.copy for one in found]
    assert f"{len(found)} copies of 56 examples" in done.output
    assert "done already" in gentap("swap", str(source), "-o", str(out)).output


def test_both_sides_are_scored_in_pairs(
    toy: Path, data: Path, tmp_path: Path, wordnet: object
) -> None:
    out = tmp_path / "report"
    test = data / "qa" / "test.jsonl"
    quick = ["beams=1", "max_answer_tokens=6", "precision=fp32", "swap_questions=6"]
    settings = [part for one in quick for part in ("--set", one)]
    command = ["evaluate", "--model", str(toy), "--data", str(test), *settings]
    done = gentap(*command, "--swap", "english", "-o", str(out))
    assert done.exit_code == 0, done.output
    found = read_json(out / "swap.json")
    lines = read_json_lines(out / "swapped.jsonl")
    assert found["pairs"] == len(lines) == 6
    changed = [line["swapped"].split() != line["expected"].split() for line in lines]
    assert [line["changed"] for line in lines] == changed
    assert found["sensitivity"][0] == pytest.approx(100 * np.mean(changed))

    originals = {one.id: one for one in read_questions([test]).examples}
    words = read_word_list(find_word_list("english"))
    examples = [originals[line["id"]] for line in lines]
    copies = [one.copy for each in examples if (one := swap(each, words))]
    wanted = [
        score(asked, [line[key] for line in lines], "fetaqa").statistics["rougeL"].score
        for asked, key in ((examples, "prediction"), (copies, "swapped"))
    ]
    rouge = found["sides"]["metrics"]["rougeL"]
    assert rouge["scores"] == pytest.approx(wanted)
    assert rouge["gap"][0] == pytest.approx(wanted[1] - wanted[0])
    one_group = [one.group for each in examples if (one := swap(each, words))]
    assert found["by group"]["names"] == ["women", "men"]
    assert found["by group"]["pairs"] == sum(group is not None for group in one_group)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Exchanged groups" in page
    assert "as asked · swapped" in page


@pytest.mark.usefixtures("own_folder")
def test_copies_are_a_mix_of_pretraining(toy: Path, data: Path) -> None:
    for name in ("train", "test"):
        source = str(data / "qa" / f"{name}.jsonl")
        assert gentap("swap", source, "-o", name).exit_code == 0
    common = ["pretrain", "--base", str(toy), "--long", "train", "--long", "test"]
    quick = ["max_steps=1", "batch_tokens=512", "precision=fp32", "max_target_tokens=190"]
    given = [part for one in [*quick, "mix.cell=0"] for part in ("--set", one)]
    plain = gentap(*common, *given, "-o", "plain")
    assert plain.exit_code == 0, plain.output
    mixed = gentap(*common, *given, "--set", "swapped=1.0", "-o", "mixed")
    assert mixed.exit_code == 0, mixed.output
    counted = [read_json(Path(name) / "stats.json") for name in ("plain", "mixed")]
    copies = counted[1]["swapped"]["long"]
    assert "swapped" not in counted[0]
    seen = [sum(one["counts"].values()) + sum(one["rejected"].values()) for one in counted]
    assert copies > 0 < seen[1] - seen[0]
    assert f"{copies} long examples in a copy told of other people too" in mixed.output
    said = complaint(
        *common, *given, "--set", "swapped=1.0", "--set", "swap_words=no.toml", "-o", "x"
    )
    assert said == "no.toml: no such word list."
    some = gentap(*common, *given, "--set", "swapped=0.3", "-o", "some")
    assert some.exit_code == 0, some.output
    assert 0 < read_json(Path("some/stats.json"))["swapped"]["long"] < copies


@pytest.mark.usefixtures("own_folder")
def test_bad_input_is_told(toy: Path) -> None:
    nobody = write("rivers.jsonl", jsonl(NOBODY))
    said = complaint("swap", nobody, "-o", "out")
    assert said.startswith("rivers.jsonl: none of 1 example names anybody of the word list")
    said = complaint(
        "evaluate", "--model", str(toy), "--data", nobody, "--swap", "english", "-o", "e"
    )
    assert "rivers.jsonl: no question names anybody of the word list english" in said
    assert complaint("swap", "none.jsonl", "-o", "out") == "none.jsonl: no such file."
    assert "french: no such word list" in complaint(
        "swap", nobody, "--words", "french", "-o", "out"
    )
    twice = write("words.toml", 'groups = ["a", "b"]\n[names]\nAnn = "Bo"\nCy = "Bo"\n')
    assert "line 4: the lists overlap: 'Bo'" in complaint(
        "swap", nobody, "--words", twice, "-o", "o"
    )
    assert not Path("o").exists()
