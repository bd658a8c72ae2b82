"""`gentap evaluate --noise` on the project's own questions."""

from collections.abc import Callable
from pathlib import Path

import pytest
from complaints import complaint

from gentap.runs.files.own_files import read_json


def test_scores_on_spoiled_tables_stand_beside_the_others(
    noisy_report: Callable[..., Path],
) -> None:
    out = noisy_report("swapped=0.1,shuffled-rows", 4)
    sets = read_json(out / "noise.json")["sets"]
    told = [(one["kind"], one["level"]) for one in sets]
    assert told == [
        ("none", 0.0),
        *(("swapped", level) for level in (0.05, 0.1, 0.2, 0.4)),
        ("shuffled-rows", 1.0),
        ("swapped=0.1,shuffled-rows", 1.0),
    ]
    for one in sets:
        assert one["questions"] == 4 == one["needed"]["questions"] + one["spared"]["questions"]
        assert len(one["scores"]["bleu"]) == 3
    assert sets[0]["needed"] == {"questions": 0, "scores": {}}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Noisy tables" in page


@pytest.mark.usefixtures("own_folder")
def test_noise_above_one_is_refused(toy: Path, data: Path) -> None:
    command = ["evaluate", "--model", str(toy), "--data", str(data / "qa" / "test.jsonl")]
    said = complaint(*command, "--noise", "missing=1.5", "-o", "out")
    assert "missing is a share of the cells, above 0 and at most 1" in said
    assert not Path("out").exists()
