"""`gentap audit`, canaries, and a private finetuning, on the project's own questions."""

import json
from pathlib import Path

import numpy as np
import pytest
from complaints import complaint, gentap
from hypothesis import given
from hypothesis import strategies as st

from gentap.documents.annotated.reading import read_questions
from gentap.runs.files.own_files import read_json
from gentap.trust.canaries import make_canaries, other_secrets, secret_of
from gentap.trust.membership import LossReader, area_interval, area_under_roc, exposures

values = st.lists(st.integers(0, 5).map(float), min_size=2, max_size=12).map(np.array)


@given(values, values)
def test_the_area_is_the_share_of_pairs_in_which_the_member_has_less_loss(
    members: np.ndarray, others: np.ndarray
) -> None:
    pairs = [(one < other) + (one == other) / 2 for one in members for other in others]
    assert area_under_roc(members, others) == pytest.approx(100 * float(np.mean(pairs)))


def test_the_interval_holds_the_area() -> None:
    generator = np.random.default_rng(0)
    members, others = generator.normal(0, 1, 80), generator.normal(0.5, 1, 80)
    low, high = area_interval(members, others)
    assert low < area_under_roc(members, others) < high
    assert high - low < 25


def test_canaries_depend_on_number_and_seed_alone() -> None:
    first, other = make_canaries(150, 1), make_canaries(150, 2)
    assert first[:20] == make_canaries(20, 1)
    assert [one.answer for one in first] != [one.answer for one in other]
    assert len({one.question for one in first}) == 150
    for one in first:
        code = f"{secret_of(one):03d}"
        assert one.answer.endswith(f" is {'-'.join(code)}.")
        assert not any(cell for row in one.table.rows for cell in row[1:])  # it stands nowhere else
    assert [secret_of(one) for one in other_secrets(first[0], [7, 999])] == [7, 999]


def test_losses_do_not_depend_on_the_batch(toy: Path, data: Path) -> None:
    examples = read_questions([data / "qa" / "test.jsonl"]).examples[:7]
    one, many = (LossReader(str(toy), size).losses(examples, "audit") for size in (1, 4))
    assert one == pytest.approx(many, rel=1e-4)
    assert (one > 0).all()


def test_a_canary_that_is_known_is_exposed(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canaries = make_canaries(2, 1)
    reader = LossReader(str(toy))
    known = {one.answer for one in canaries}
    monkeypatch.setattr(
        reader,
        "losses",
        lambda examples, label: np.array([one.answer not in known for one in examples]),
    )
    assert exposures(reader, canaries) == pytest.approx([np.log2(100)] * 2)


def test_a_private_finetuning_is_audited(toy: Path, data: Path, tmp_path: Path) -> None:
    train, others = (str(data / "qa" / f"{name}.jsonl") for name in ("train", "test"))
    out = tmp_path / "private"
    settings = ["private.epsilon=8", "private.batch=8", "max_steps=2", "batch_tokens=1024",
                "precision=fp32", "canaries=2"]  # fmt: skip
    options = [part for one in settings for part in ("--set", one)]
    done = gentap("finetune", "--model", str(toy), "--train", train, *options, "-o", str(out))
    assert done.exit_code == 0, done.output
    stats = read_json(out / "stats.json")
    assert 0 < stats["private"]["epsilon"] <= 8
    assert (out / "rejected.jsonl").read_text() == ""
    card = tmp_path / "card.md"
    assert gentap("card", str(out), "-o", str(card)).exit_code == 0
    assert "## Privacy" in card.read_text(encoding="utf-8")
    told = gentap("audit", str(out), "--members", train, "--others", others, "--canaries", "2",
                  "--json")  # fmt: skip
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["interval"][0] <= found["auc"] <= found["interval"][1]
    assert 0 <= found["exposure"] <= 6.65


@pytest.mark.usefixtures("own_folder")
def test_bad_audits_and_bad_privacy_are_refused(toy: Path, data: Path) -> None:
    train = str(data / "qa" / "train.jsonl")
    assert complaint("audit", str(toy)) == "audit: give --members and --others, or --canaries."
    lonely = complaint("audit", str(toy), "--others", "some.jsonl", "--canaries", "2")
    assert lonely == "audit: --others are told from members: give --members too."
    said = complaint("audit", str(toy), "--members", train, "--others", train)
    assert "56 examples are among --members and --others" in said
    assert "--others holds 0 examples" in complaint("audit", str(toy), "--members", train)
    command = ("finetune", "--model", str(toy), "--train", train, "-o", "out")
    assert "epsilon must be above 0" in complaint(*command, "--set", "private.epsilon=0")
    assert not Path("out").exists()
