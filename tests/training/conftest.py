import gc
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from causal_toys import causal_toy
from toy_training import Weights, random_pairs, settings, weights
from toys import TEXTS, toy_t5

from gentap.model.causal import CausalModel
from gentap.model.network import GenTapModel
from gentap.model.tokenizer import TableTokenizer, train_vocabulary
from gentap.records import EXAMPLE_SCHEMA, Example, example_to_row
from gentap.runs.store import StageFolder, open_stage
from gentap.settings.sections import AdapterSettings, LinearizerSettings, Trunk
from gentap.training import train_stages
from gentap.training.data.token_store import TokenStore
from gentap.training.loop.trainer import train


@dataclass(frozen=True)
class ListStream:
    """Pairs held in a list."""

    pairs: list[tuple[list[int], list[int]]]

    def __len__(self) -> int:
        return len(self.pairs)

    def lengths(self) -> npt.NDArray[np.int64]:
        return np.array([(len(source), len(target)) for source, target in self.pairs]).reshape(
            -1, 2
        )

    def pair(self, index: int, epoch: int) -> tuple[list[int], list[int]]:
        return self.pairs[index]


@pytest.fixture(scope="session", autouse=True)
def _quick_collections() -> Iterator[None]:
    """Each training collects garbage: spare it the walk through all that is imported."""
    from transformers import Trainer  # noqa: F401

    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def list_stream() -> type[ListStream]:
    return ListStream


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Sentences that the toy vocabulary is learnt from."""
    return TEXTS


@pytest.fixture(scope="session")
def tokenizer() -> TableTokenizer:
    settings = LinearizerSettings(max_tokens=64, max_question_tokens=16, max_cell_chars=40)
    return train_vocabulary(TEXTS, 320, settings)


@pytest.fixture(scope="session")
def make_t5() -> Callable[..., Any]:
    """A random T5 for tests of training."""

    def make(vocabulary: int = 40, dropout: float = 0.0) -> Any:
        return toy_t5(vocabulary, dropout_rate=dropout)

    return make


@pytest.fixture(scope="session")
def base(tmp_path_factory, tokenizer: TableTokenizer, make_t5: Callable[..., Any]) -> Path:
    """A random T5's folder with the toy tokenizer."""
    folder: Path = tmp_path_factory.mktemp("base")
    make_t5(vocabulary=len(tokenizer.hf)).save_pretrained(folder)
    tokenizer.save(folder)
    return folder


@pytest.fixture(scope="session")
def write_examples() -> Callable[[Path, list[Example]], Path]:
    def write(folder: Path, examples: list[Example]) -> Path:
        folder.mkdir()
        rows = [example_to_row(example) for example in examples]
        pq.write_table(pa.Table.from_pylist(rows, EXAMPLE_SCHEMA), folder / "part-00000.parquet")
        return folder

    return write


@pytest.fixture
def run(list_stream: Any, make_t5: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Train a toy model with two decoders; gives its statistics and weights.

    ``breaks_at``: the number of the example at which the training is interrupted; ``trunk``: how
    that of a decoder-only model is trained, else it is a T5.
    """

    class Breaking(list_stream):  # type: ignore[misc]
        left = math.inf

        def pair(self, index: int, epoch: int) -> Any:
            Breaking.left -= 1
            if Breaking.left < 0:
                raise KeyboardInterrupt
            return super().pair(index, epoch)

    def train_toy(
        name: str,
        *,
        breaks_at: float = math.inf,
        dev: bool = False,
        dev_answers: int = 0,
        trunk: Trunk | None = None,
        **changes: Any,
    ) -> tuple[dict[str, Any], Weights]:
        Breaking.left = breaks_at
        model: Any = GenTapModel.from_stock(make_t5(dropout=0.2))
        if trunk:
            model = CausalModel(causal_toy("llama", 40), AdapterSettings(rank=2, trunk=trunk), 0.2)
        streams = {
            "long": Breaking(random_pairs(30)),
            "cell": list_stream(random_pairs(12, seed=1)),
        }
        dev_streams = {kind: list_stream(random_pairs(3, seed=2)) for kind in streams}
        stats = train(
            model,
            streams,
            dev_streams if dev else None,
            settings(**changes),
            tmp_path / name,
            padding=0,
            seed=4,
            label="pretrain",
            dev_answers=dev_answers,
        ).stats
        return stats, weights(model)

    return train_toy


@pytest.fixture
def stage(tmp_path: Path) -> Callable[[str], Any]:
    """Opens an output folder below the test's."""

    def open_folder(name: str) -> Any:
        return open_stage(tmp_path / name, "pretrain", {}, [])

    return open_folder


@pytest.fixture
def kept_tokens(monkeypatch: pytest.MonkeyPatch) -> Callable[[StageFolder | Path], Any]:
    """Lets a stage end before its token files are removed, and reads them."""
    monkeypatch.setattr(train_stages, "finish_model", lambda *rest: None)

    def read(folder: Path) -> Iterator[tuple[list[int], list[int]]]:
        store = TokenStore(folder)
        for index in range(len(store)):
            source, target = store.pair(index)
            yield source.tolist(), target.tolist()

    return read
