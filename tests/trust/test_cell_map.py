"""`gentap map` on the project's own tables, for both architectures."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from causal_toys import save_causal_toy
from complaints import complaint, gentap, write

from gentap.model.loading.load import load_table_model
from gentap.model.tokenizer import load_tokenizer
from gentap.records import SourcedTable, Table
from gentap.runs.files.own_files import read_json
from gentap.settings.sections import LinearizerSettings
from gentap.trust.cell_map import MappedCell, embed_cells, flattened, neighbour_shares

TABLE = Table(
    title="Films",
    header=("Year", "Film"),
    rows=tuple((str(1990 + n), f"Dawn {n}" if n != 1 else "") for n in range(6)),
)
SOURCED = SourcedTable(id="t", url="https://a.example/films", table=TABLE)


@pytest.fixture(scope="session")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_causal_toy(tmp_path_factory.mktemp("causal"), max_position_embeddings=1024)


def drawn(page: str) -> dict[str, object]:
    (data,) = re.findall(r'<script type="application/json" id="data">(.*)</script>', page)
    found: dict[str, object] = json.loads(data)
    return found


@pytest.mark.parametrize("which", ["toy", "causal"])
def test_the_same_seed_gives_the_same_page(
    which: str, request: pytest.FixtureRequest, mined: Path, tmp_path: Path
) -> None:
    model = str(request.getfixturevalue(which))
    common = ["map", str(mined / "tables"), "--model", model, "--cells", "60", "--perplexity", "8"]
    for name in ("first", "second"):
        done = gentap(*common, "-o", str(tmp_path / name))
        assert done.exit_code == 0, done.output
    assert "nearest neighbours: " in done.output
    pages = [(tmp_path / name / "map.html").read_bytes() for name in ("first", "second")]
    assert pages[0] == pages[1]
    other = gentap(*common, "--seed", "2", "-o", str(tmp_path / "other"))
    assert other.exit_code == 0, other.output
    assert (tmp_path / "other" / "map.html").read_bytes() != pages[0]

    page = pages[0].decode()
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    found = drawn(page)
    cells = found["cells"]
    assert len(cells) == len(found["before"]) == len(found["after"]) == 60
    assert [one["name"] for one in found["colourings"]] == ["column", "kind of value", "page"]
    for one in cells:
        assert [one["column"], one["text"]] in one["row"]
    stats = read_json(tmp_path / "first" / "stats.json")
    assert stats["cells"] == 60
    assert set(stats["neighbours"]) == {"column", "kind of value", "page"}


@pytest.mark.parametrize("which", ["toy", "causal"])
def test_a_cell_is_the_mean_of_its_own_tokens(which: str, request: pytest.FixtureRequest) -> None:
    """Found once more by the text that each span of tokens reads back as."""
    model = str(request.getfixturevalue(which))
    found = embed_cells(model, [SOURCED], 100, 2.0, 1)
    texts = [cell.text for cell in found.cells]
    assert sorted(texts) == sorted(text for row in TABLE.rows for text in row if text)
    tokenizer = load_tokenizer(model, LinearizerSettings())
    network = load_table_model(model, tokenizer=tokenizer).eval()
    embeddings = (network.trunk if which == "causal" else network).get_input_embeddings().weight
    for cell, before in zip(found.cells, found.before, strict=True):
        ids = tokenizer.linearizer.tokenize([cell.text])[0]
        wanted = embeddings[ids].mean(dim=0).detach().float().numpy()
        np.testing.assert_allclose(before, wanted, rtol=1e-4, atol=1e-6)
    assert found.after.shape == found.before.shape
    assert not np.allclose(found.after, found.before)


def test_what_is_after_is_what_the_encoder_gives(toy: Path) -> None:
    tokenizer = load_tokenizer(str(toy), LinearizerSettings())
    network = load_table_model(str(toy), tokenizer=tokenizer).eval()
    ids = torch.tensor([tokenizer.linearizer.encode("", TABLE).ids])
    with torch.inference_mode():
        _, after = network.token_states(ids)
        wanted = network.get_encoder()(input_ids=ids, attention_mask=torch.ones_like(ids))[0][0]
    torch.testing.assert_close(after, wanted)


def test_what_is_after_is_what_the_trunk_keeps(causal: Path) -> None:
    """A causal trunk's last state of a token depends on nothing that follows it."""
    tokenizer = load_tokenizer(str(causal), LinearizerSettings())
    network = load_table_model(str(causal), tokenizer=tokenizer).eval()
    ids = torch.tensor([tokenizer.linearizer.encode("", TABLE).ids])
    with torch.inference_mode():
        before, after = network.token_states(ids)
        _, shorter = network.token_states(ids[:, :10])
        stock = network.trunk.base_model(input_ids=ids[:, :-1]).last_hidden_state[0]
    assert before.shape == after.shape == stock.shape
    torch.testing.assert_close(after, stock)
    torch.testing.assert_close(after[:9], shorter)


def test_like_neighbours_are_counted() -> None:
    cells = [
        MappedCell(f"{place}", ("a",), ("h",), column, "text", f"p{place % 2}")
        for place, column in enumerate("aaabbb")
    ]
    points = np.array([[1, 0], [1, 0.1], [1, -0.1], [0, 1], [0.1, 1], [-0.1, 1]], np.float32)
    shares = neighbour_shares(points, cells)
    assert shares["column"] == pytest.approx(40.0)  # two of the five others: all are neighbours
    assert shares["kind of value"] == 100.0
    equal = [MappedCell("x", ("a",), ("h",), "a", "text", "p") for _ in range(3)]
    assert neighbour_shares(points[:3], equal)["column"] == 0.0  # of equal texts alone: none counts


def test_groups_that_are_apart_are_drawn_apart() -> None:
    generator = np.random.default_rng(0)
    points = np.concatenate([generator.normal(at, 0.1, (40, 8)) for at in (-1, 1)])
    points[:, 0] = 0.3
    placed = np.array(flattened(points.astype(np.float32), 10, 1))
    assert placed.min() == 0
    assert placed.max() == 1000
    halves = placed[:40], placed[40:]
    between = np.linalg.norm(halves[0].mean(axis=0) - halves[1].mean(axis=0))
    assert between > 2 * max(np.linalg.norm(half.std(axis=0)) for half in halves)


@pytest.mark.usefixtures("own_folder")
def test_bad_input_is_told(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = write("films.csv", "Year,Film\n2004,Dawn\n2005,Dusk\n")
    model = ("--model", str(toy), "-o", "out")
    said = complaint("map", table, *model)
    assert "the tables have 4 cells that are not empty, and a perplexity of 30" in said
    said = complaint("map", table, "--cells", "20", *model)
    assert "20 cells are too few for a perplexity of 30" in said
    Path("empty").mkdir()
    assert "empty" in complaint("map", "empty", *model)
    blank = write("blank.jsonl", '{"header": ["A"], "rows": [[""]]}\n')
    assert "have 0 cells that are not empty" in complaint("map", blank, *model)
    none = write("none.jsonl", '{"title": "no table"}\n')
    assert "there is no table to take cells of" in complaint("map", none, *model)
    assert "no such" in complaint("map", table, "--model", "nowhere/model", "-o", "out")
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    said = complaint("map", table, *model)
    assert said == "map needs the package scikit-learn. Type: pip install 'gentap[trust]'"


def test_texts_of_cells_are_data_and_no_markup(toy: Path, tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    rows = [[f"{evil}{n}", f"b{n}"] for n in range(8)]
    file = tmp_path / "t.jsonl"
    file.write_text(json.dumps({"title": evil, "header": ["A", "B"], "rows": rows}) + "\n")
    out = tmp_path / "out"
    done = gentap("map", str(file), "--model", str(toy), "--perplexity", "3", "-o", str(out))
    assert done.exit_code == 0, done.output
    page = (out / "map.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert drawn(page)["cells"][0]["page"].startswith("</script>")
