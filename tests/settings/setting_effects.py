"""What a setting changes that can be seen in a moment: functions of a recipe, to be compared."""

import json
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from gentap.chain import make_plan
from gentap.errors import InputError
from gentap.records import Mined, NamedCell, Table
from gentap.runs.files.parquet_parts import parts, read_rows
from gentap.runs.store import StageFolder
from gentap.settings.recipe import Recipe
from gentap.settings.sections import LinearizerSettings, MineSettings, SampleSettings
from gentap.stages.question_stages import WriteStage

Effect = Callable[[Recipe], Any]

HEADER = ["Name", "Year", "City"]
ROWS = [
    ["Ada Dawn", "1914", "Rome"],
    ["Bo Dusk", "1,915", "Oslo"],
    ["Cy (rower)", "3 May 1916", "Bonn"],
]
LONG = (
    "Of all the rowers who had come to the lake by then it was Ada Dawn whom the people of Rome "
    "went to see in 1914, when she and her boat were there for the whole of that long and warm"
)
PAGES = [
    {
        "url": "https://pages.example/1",
        "address": "https://pages.example/other",
        "title": "Rowers of the lake",
        "name": "Another title",
        "text": [
            "Ada Dawn came to Rome in 1914.",
            "Ada Dawn came to the town of Rome in the year 1914.",
            "In 1914 she was known to all of Rome as Ada Dawn, who rowed.",
            "Bo Dusk went to Oslo in 1915 with a boat.",
            "It was May 3, 1916 when Cy came to Bonn in the rain.",
            "Ada Dawn Rome 1914 Regatta Finale Sieger.",
            "Dawn and Dusk, who came in 1914, were two of the best that we had in Rome.",
            f"{LONG} autumn.",
            f"{LONG} spring.",
            "Ada Dawn rowed to Rome in 1914. Bo Dusk then rowed to Oslo in 1915.",
        ],
        "prose": ["Bo Dusk was the first in Oslo, in 1915."],
        "tables": [{"header": HEADER, "rows": ROWS, "section": "Winners", "caption": "By year",
                    "part": "Losers", "note": "By name", "top": ["A", "B", "C"],
                    "lines": [["Ada Dawn", "1914", "Rome"], ["Bo Dusk", "1915", "Oslo"]]}],
        "others": [{"header": ["Who", "When"], "rows": [["Ada Dawn", "1914"], ["Bo", "1915"]]}],
        "page": "<p>Ada Dawn came to Rome in 1914.</p><table><tr><th>A<th>B<tr><td>Ada Dawn<td>1914"
                "<tr><td>Bo<td>1915</table>",
    },
    {
        "url": "https://pages.example/2",
        "title": "Towns",
        "text": ["Ada Dawn came to Rome in 1914.", "Rome was large when Ada Dawn saw it in 1914."],
        "tables": [{"header": HEADER, "rows": ROWS[:2]}],
    },
]  # fmt: skip
INFOBOX = (
    "<html><title>Ada</title><body><table class=infobox><tr><th>Born<td>1914<tr><th>Town<td>Rome"
    "<tr><th>Boat<td>Star</table><p>She was born in 1914 in the town of Rome.</p></body></html>"
)
PLAIN = "<html><title>Cy</title><body><p>Cy was never seen in a boat of that kind.</body></html>"
QUESTION = {
    "question": "When did Ada Dawn come to Rome?",
    "answer": "Ada Dawn came to the town of Rome in the year 1914.",
    "table": {"header": HEADER, "rows": ROWS[:2]},
}


def write_inputs(folder: Path) -> None:
    """The files that the rows name."""
    pages = "".join(json.dumps(page) + "\n" for page in PAGES)
    (folder / "pages.jsonl").write_text(pages, encoding="utf-8")
    (folder / "infobox.html").write_text(INFOBOX, encoding="utf-8")
    (folder / "linked.jsonl").write_text("", encoding="utf-8")
    (folder / "plain.html").write_text(PLAIN, encoding="utf-8")
    others = [ROWS[0], ["El Moon", "1800", "Paris"], ["Flo Star", "1801", "Lyon"]]
    other = {**QUESTION, "table": {"header": HEADER, "rows": others}}
    for name, question in (("qa", QUESTION), ("dev", QUESTION), ("other", other)):
        (folder / f"{name}.jsonl").write_text(json.dumps(question) + "\n", encoding="utf-8")
    for name in ("squad.json", "prompt.txt"):
        (folder / name).write_text("{}", encoding="utf-8")
    tables = [{"header": HEADER, "rows": [*ROWS, ["Di Noon", "1917", "Rome"]], "title": title}
              for title in ("Rowers", "Winners")]  # fmt: skip
    lines = "".join(json.dumps(table) + "\n" for table in tables)
    (folder / "tables.jsonl").write_text(lines, encoding="utf-8")


def decided(recipe: Recipe) -> list[Any]:
    """What each stage's fingerprint covers: its name, settings and files of its own."""
    stages = list(make_plan(recipe).stages.values())
    chat = WriteStage(
        mined=Path("mined"), writer="http://127.0.0.1:9/v1", write=recipe.write, seed=recipe.seed
    )
    return [
        (stage.name, stage.settings(), [path.name for path in stage.inputs()])
        for stage in (*stages, chat)
    ]


def folders(recipe: Recipe) -> list[str]:
    """Where a run's stages have their output."""
    return list(map(str, make_plan(recipe).stages))


def passed_on(section: str, name: str) -> Effect:
    """A setting of pace or place, as the code that is given its section finds it."""
    return lambda recipe: attrgetter(f"{section}.{name}".strip("."))(recipe)


# Functions of one section


class _Pairs:
    def __len__(self) -> int:
        return 300

    def lengths(self) -> npt.NDArray[np.int64]:
        return np.array([(40 + place % 90, 5 + place % 7) for place in range(len(self))])

    def pair(self, index: int, epoch: int) -> tuple[list[int], list[int]]:
        raise NotImplementedError


def training(section: str) -> Effect:
    """transformers' arguments, the optimizer, and which examples go into which step."""

    def effect(recipe: Recipe) -> Any:
        from gentap.training.data.batches import plan
        from gentap.training.loop.training_arguments import make_arguments, optimizer_of

        settings = getattr(recipe, section)
        limit = settings.max_steps * settings.accumulate
        steps = plan({"pairs": _Pairs()}, settings.batch_tokens, settings.epochs, 1, limit)
        total = len(steps) // settings.accumulate
        arguments = make_arguments(settings, Path("out"), 1, total, section)
        shown = [step.indices["pairs"].tolist() for step in steps]
        return arguments.to_dict(), optimizer_of(settings, None), shown

    return effect


def mined(recipe: Recipe) -> Any:
    """All that mining writes."""
    return _mined(recipe.mine.model_dump_json())


@cache
def _mined(settings: str) -> Any:
    from gentap.mining.mine import mine

    with TemporaryDirectory() as folder:
        out = Path(folder)
        chosen = MineSettings.model_validate_json(settings)
        try:
            tally = mine(chosen, StageFolder(out, "stage", "", {}, False), 1)
        except InputError:
            return "no table is left"
        files = {name: parts(out / name) for name in ("documents", "tables", "sentences")}
        rows = {name: list(read_rows(found)) for name, found in files.items()}
        return rows, tally.to_json(), {name: len(found) for name, found in files.items()}


def sampled(recipe: Recipe) -> Any:
    """The questions drawn, and the number of their files."""
    return _sampled(recipe.sample.model_dump_json())


@cache
def _sampled(settings: str) -> Any:
    from gentap.grammar.sample import sample

    with TemporaryDirectory() as folder:
        out = Path(folder)
        sample(
            [Path("tables.jsonl").absolute()],
            SampleSettings.model_validate_json(settings),
            StageFolder(out, "stage", "", {}, False),
            base="",
            linearizer=LinearizerSettings(),
            seed=1,
            workers=1,
        )
        return list(read_rows(parts(out))), len(parts(out))


def linearized(recipe: Recipe) -> Any:
    """The ids of a long question and a large table."""
    from gentap.tables.linearize import SPECIAL_TOKENS, Linearizer

    def tokenize(texts: Any) -> list[list[int]]:
        return [[len(word) + 50 for word in text.split()] for text in texts]

    marks = {mark: place for place, mark in enumerate(SPECIAL_TOKENS)}
    table = Table(
        title="Rowers",
        header=("Name", "Story"),
        rows=tuple((f"Ada {row}", "a word " * 100) for row in range(90)),
    )
    linearizer = Linearizer(recipe.linearizer, tokenize, marks, [1])
    return linearizer.encode("who " * 200, table).ids


_SENTENCE = "Ada Dawn won the Silver Cup in 1914 for Rome."
_MINED = Mined(
    id="m1",
    sentence=_SENTENCE,
    url="https://pages.example/1",
    table=Table(
        title="Lake races",
        section="Winners",
        header=("Rower", "Year", "Trophy"),
        rows=(("Bo Dusk", "1913", "Gold Cup"), ("Ada Dawn", "1914", "Silver Cup")),
    ),
    row=1,
    cells=tuple(
        NamedCell(1, column, _SENTENCE.index(text), _SENTENCE.index(text) + len(text))
        for column, text in enumerate(("Ada Dawn", "1914", "Silver Cup"))
    ),
)
_QUESTIONS = [
    "Ada won?",
    "When did Ada Dawn win a cup for Rome?",
    "Ada Dawn won the Silver Cup?",
    "When did Carl Noon win the cup?",
    "Which cold animals did Ada see?",
    "Who was it for?",
    "What did Ada Dawn win in 1914?",
    "Where did Ada Dawn win the Silver Cup?",
    "What was the name of the Silver Cup?",
]


def filtered(recipe: Recipe) -> Any:
    """The filters that some questions fail."""
    from gentap.questions.filters import QuestionContext, failures, is_alike
    from gentap.questions.writer_input import mined_sources

    filters = recipe.write.filters
    (source,) = (
        source for source in mined_sources(_MINED, 1, 0, 8) if source.entries[0].text == "1914"
    )
    context = QuestionContext(_MINED)
    failed = [failures(question, -1.0, source, context, filters) for question in _QUESTIONS]
    return failed, is_alike("When did Ada win it?", ["When did Ada win?"], filters)
