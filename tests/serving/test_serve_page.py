"""The page in a real browser, as its users come to it: mouse, keyboard, a phone, a dark room."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import CONTRASTS, open_browser
from served import EchoModel, running
from visitor import Visitor

from gentap.documents.annotated.reading import read_annotated
from gentap.serving.answer_service import AnswerService
from gentap.serving.feedback import FeedbackFile
from gentap.serving.limits import Limits
from gentap.serving.table_uploads import asked_tables, sample_tables

pytest.importorskip("gradio", reason="gentap[serve] is not installed")

FILMS = "Year,Film,Place\n2004,Dawn,Riga\n2010,Dusk,Oslo\n2005,Noon,Bern\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_browser() as driver:
        yield driver


@pytest.fixture(scope="module")
def feedback(tmp_path_factory: pytest.TempPathFactory) -> FeedbackFile:
    return FeedbackFile(tmp_path_factory.mktemp("feedback") / "feedback.jsonl")


@pytest.fixture(scope="module")
def called() -> Iterator[list[Any]]:
    """The addresses that this process connects to."""
    found: list[Any] = []
    connect = socket.socket.connect

    def counted(self: socket.socket, address: Any) -> Any:
        found.append(address)
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket.socket, "connect", counted)
        yield found


@pytest.fixture(scope="module")
def address(feedback: FeedbackFile, called: list[Any], data: Path) -> Iterator[str]:
    from gentap.serving.page_app import Page
    from gentap.serving.server import build_app

    service = AnswerService({"echo": EchoModel(), "other": EchoModel()}, Limits())
    page = Page(
        service=service,
        feedback=feedback,
        samples=sample_tables(),
        data=asked_tables([data / "qa" / "dev.jsonl"]),
    )
    with running(build_app(page, token="", host="127.0.0.1", port=0)) as address:
        yield address
    service.close()


@pytest.fixture
def visitor(browser: Any, address: str) -> Iterator[Visitor]:
    browser.get_log("browser")
    yield Visitor(browser, address).open()
    severe = [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    assert severe == []


@pytest.fixture
def films(tmp_path: Path) -> Path:
    path = tmp_path / "films_of_Mara.csv"
    path.write_text(FILMS, encoding="utf-8")
    return path


def show_films(visitor: Visitor, films: Path) -> None:
    visitor.upload(films)
    visitor.wait(lambda: visitor.header == ["Year", "Film", "Place"])


def test_an_uploaded_table_is_asked_about_and_its_cells_are_marked(
    visitor: Visitor, films: Path
) -> None:
    show_films(visitor, films)
    assert visitor.one(".gt-title").get_attribute("value") == "films of Mara"
    assert visitor.texts(".gt-size") == ["3 rows × 3 columns"]
    assert not visitor.one(".gt-legend").is_displayed()
    visitor.ask("Which film in 2004?")
    assert visitor.texts(".gt-entry h3") == ["Which film in 2004?"]
    assert visitor.texts(".gt-model") == ["echo", "other"]
    assert visitor.texts(".gt-sentence")[0] == "It says 2004 and Dawn and Riga here."
    assert visitor.texts(".gt-sentence mark")[:3] == ["2004", "Dawn", "Riga"]
    assert visitor.texts(".gt-value")[0] == "Riga"
    assert visitor.texts(".gt-where")[0] == "row 1, Place"
    assert visitor.texts(".gt-percent")[0] == "75%"
    assert visitor.texts("td.is-answer") == ["Riga"]
    assert visitor.texts("td.is-named") == ["2004", "Dawn", "Riga"]
    assert visitor.one("td.is-answer").get_attribute("aria-description") == (
        "the cell decoder's answer, named in the sentence"
    )
    assert visitor.one(".gt-legend").is_displayed()
    assert all(text.endswith(" s") for text in visitor.texts(".gt-time"))


def test_further_questions_stand_above_and_any_answer_is_shown_in_the_table(
    visitor: Visitor, films: Path
) -> None:
    show_films(visitor, films)
    visitor.ask("One?")
    visitor.ask("cut")
    assert visitor.texts(".gt-entry h3") == ["cut", "One?"]
    assert visitor.texts(".gt-cut")[0] == (
        "The model read 1 of 3 rows and 3 of 3 columns: those most like the question."
    )
    assert len(visitor.all("td.is-unread")) == 6
    visitor.all(".gt-show")[2].click()
    assert visitor.all("td.is-unread") == []
    assert [one.get_attribute("aria-pressed") for one in visitor.all(".gt-show")] == [
        *("false", "false", "true", "false"),
    ]


def test_pasted_cells_are_a_table(visitor: Visitor) -> None:
    visitor.tab("Paste")
    visitor.wait(lambda: visitor.one("#pasted textarea").is_displayed())
    visitor.run(
        "const field = document.querySelector('#pasted textarea'); field.value = arguments[0];"
        "field.dispatchEvent(new Event('input', { bubbles: true }))",
        "Town\tPeople\nRiga\t605,273\nOslo\t717,710",
    )
    visitor.one("#use").click()
    visitor.wait(lambda: visitor.header == ["Town", "People"])
    assert visitor.column(1) == ["605,273", "717,710"]
    visitor.run(
        "document.body.focus(); const data = new DataTransfer();"
        "data.setData('text/plain', arguments[0]);"
        "document.body.dispatchEvent("
        "new ClipboardEvent('paste', { clipboardData: data, bubbles: true }))",
        "A\tB\n1\t2\n",
    )
    visitor.wait(lambda: visitor.header == ["A", "B"])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"Year,Film\n2004,Dawn\n2005,Dusk,more\n", "a.csv, line 3: 3 cells where"),
        ("a.xlsx", b"PK\x03\x04 broken", "a.xlsx: is no Excel workbook"),
        ("a.parquet", b"PAR1 broken PAR1", "a.parquet"),
        ("a.csv", b"", "a.csv: needs a header line"),
    ],
    ids=["ragged", "xlsx", "parquet", "empty"],
)
def test_a_broken_file_is_told_on_the_page(
    visitor: Visitor, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    before = visitor.header
    (tmp_path / name).write_bytes(content)
    visitor.upload(tmp_path / name)
    told = visitor.wait(lambda: visitor.texts("#notice [role=alert]"))[0]
    assert told.startswith(message)
    assert "Traceback" not in told
    assert "/" not in told.replace("https://", "")
    assert visitor.header == before


def test_what_goes_wrong_while_asking_is_told(visitor: Visitor) -> None:
    from selenium.webdriver.common.keys import Keys

    for question, message in (
        ("fail", "internal error: ZeroDivisionError: a fault of the model's"),
        (" ", "The question is empty."),
    ):
        field = visitor.one("#question textarea")
        field.clear()
        field.send_keys(question, Keys.ENTER)
        visitor.wait(lambda told=message: visitor.texts("#notice [role=alert]")[0].startswith(told))
    visitor.ask("One?")
    assert visitor.texts("#notice [role=alert]") == []


def test_it_is_used_with_the_keyboard_alone(visitor: Visitor, films: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    show_films(visitor, films)
    visitor.run("document.querySelector('.gt-title').focus()")
    visitor.press(Keys.TAB)
    assert visitor.run("return document.activeElement.textContent") == "2004"
    visitor.press(Keys.ARROW_RIGHT, Keys.ENTER)
    assert visitor.run("return document.activeElement.value") == "Dawn"
    visitor.press("Early", Keys.SPACE, "dawn", Keys.ENTER)
    assert visitor.column(1) == ["Early dawn", "Dusk", "Noon"]
    assert visitor.run("return document.activeElement.textContent") == "Dusk"
    visitor.press("x", Keys.ESCAPE, Keys.ARROW_UP, Keys.ARROW_UP)
    assert visitor.column(1) == ["Early dawn", "Dusk", "Noon"]
    visitor.press(Keys.ARROW_LEFT, Keys.ENTER, Keys.ENTER)
    assert visitor.column(0) == ["2010", "2005", "2004"]
    assert visitor.texts("tbody .gt-number") == ["2", "3", "1"]
    assert visitor.one("th[aria-sort=descending] .gt-text").text == "Year"
    visitor.press(Keys.F2)
    visitor.press("When", Keys.ENTER)
    assert visitor.header == ["When", "Film", "Place"]
    visitor.run("document.querySelector('#question textarea').focus()")
    visitor.press("Which?", Keys.ENTER)
    visitor.wait(lambda: visitor.all(".gt-entry"))
    assert visitor.texts(".gt-sentence")[0] == "It says 2004 and Early dawn and Riga here."
    assert visitor.texts("td.is-named") == ["2004", "Early dawn", "Riga"]
    for _ in range(20):
        visitor.press(Keys.TAB)
        if visitor.run("return document.activeElement.ariaLabel") == "Good answer":
            break
    visitor.press(Keys.SPACE)
    visitor.wait(lambda: visitor.texts(".gt-status")[0] == "Kept in feedback.jsonl")


def test_rows_and_columns_come_and_go_and_come_back(visitor: Visitor, films: Path) -> None:
    show_films(visitor, films)
    visitor.one(".gt-add-row").click()
    assert visitor.column(0) == ["2004", "2010", "2005", ""]
    visitor.one("tbody tr:nth-child(2) td").click()
    visitor.one(".gt-drop-row").click()
    assert visitor.column(0) == ["2004", "2005", ""]
    visitor.one(".gt-drop-column").click()
    assert visitor.header == ["Film", "Place"]
    visitor.one(".gt-add-column").click()
    assert visitor.header == ["Film", "Place", "Column 3"]
    for _ in range(4):
        visitor.one(".gt-undo").click()
    assert visitor.header == ["Year", "Film", "Place"]
    assert visitor.column(0) == ["2004", "2010", "2005"]
    assert not visitor.one(".gt-undo").is_enabled()


def test_thumbs_are_kept_for_finetuning(
    visitor: Visitor, films: Path, feedback: FeedbackFile
) -> None:
    show_films(visitor, films)
    visitor.ask("Which film is bad?")
    visitor.all("[aria-label='Bad answer']")[0].click()
    visitor.wait(lambda: visitor.all(".gt-form")[0].is_displayed())
    visitor.all(".gt-right")[0].send_keys("It was Dusk in Oslo.")
    visitor.all(".gt-form button")[0].click()
    visitor.wait(lambda: not visitor.all(".gt-form")[0].is_displayed())
    visitor.all("[aria-label='Good answer']")[1].click()
    visitor.wait(lambda: visitor.texts(".gt-status")[1])
    kept = {one.answer: one for one in read_annotated(feedback.path)[0]}
    mended = kept["It was Dusk in Oslo."]
    assert mended.question == kept["It says 2004 and Dawn and Riga here."].question
    assert [mended.table.text_at(cell) for cell in mended.cells] == ["Dusk", "Oslo"]
    said = [json.loads(line)["said"]["model"] for line in feedback.path.open(encoding="utf-8")]
    assert said[-1] == "other"


def test_one_model_of_several_may_be_asked(visitor: Visitor) -> None:
    visitor.all("#models input")[0].click()
    visitor.ask("One?")
    assert len(visitor.all(".gt-answer")) == 1
    assert visitor.texts(".gt-model") == []


def test_samples_and_the_data_set_are_there_with_their_questions(visitor: Visitor) -> None:
    assert visitor.one(".gt-title").get_attribute("value") == "French Open"
    visitor.wait(lambda: visitor.all("#suggested button"))[0].click()
    visitor.wait(lambda: visitor.one("#question textarea").get_attribute("value"))
    visitor.one("#ask").click()
    visitor.wait(lambda: visitor.all(".gt-reference"))
    assert visitor.texts(".gt-reference")[0].startswith("Data set's answer ")
    visitor.tab("Samples")
    visitor.choose("#samples", "Winter Olympic Games – Selected Games, 1924 to 1998")
    visitor.wait(lambda: visitor.one(".gt-title").get_attribute("value") == "Winter Olympic Games")
    assert visitor.all(".gt-entry") == []


def test_a_file_of_several_tables_lets_one_choose(visitor: Visitor, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for name in ("Films", "Towns"):
        sheet = book.create_sheet(name)
        for row in (["Number", name], [1, "One"], [2, "Two"]):
            sheet.append(row)
    book.save(tmp_path / "book.xlsx")
    visitor.upload(tmp_path / "book.xlsx")
    visitor.wait(lambda: visitor.header == ["Number", "Films"])
    visitor.choose("#which", "Towns")
    visitor.wait(lambda: visitor.header == ["Number", "Towns"])


def test_a_long_table_is_drawn_in_parts(visitor: Visitor, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "".join(f"{n},x{n}\n" for n in range(3000)), encoding="utf-8")
    visitor.upload(path)
    visitor.wait(lambda: visitor.texts(".gt-size") == ["3,000 rows × 2 columns"])
    assert len(visitor.all("#table-view tbody tr")) == 200
    visitor.one(".gt-more").click()
    assert len(visitor.all("#table-view tbody tr")) == 400
    visitor.run("document.querySelector('thead th[data-column=\"0\"]').click()")
    visitor.run("document.querySelector('thead th[data-column=\"0\"]').click()")
    assert visitor.column(0)[:2] == ["2999", "2998"]
    visitor.ask("One?")  # which names the first row, now the last
    assert len(visitor.all("#table-view tbody tr")) == 3000
    assert visitor.texts("td.is-answer") == ["x0"]


def test_texts_are_put_into_the_page_as_texts(visitor: Visitor, tmp_path: Path) -> None:
    evil = "<img src=x onerror=\"document.title='taken'\">${document.title='taken'}{{value}}`"
    path = tmp_path / "evil.csv"
    path.write_text(f"{evil},b\n{evil},2\n".replace('"', "'"), encoding="utf-8")
    visitor.upload(path)
    visitor.wait(lambda: visitor.texts(".gt-size") == ["1 row × 2 columns"])
    visitor.ask(f"What is {evil}?")
    assert visitor.column(0) == [evil.replace('"', "'")]
    assert visitor.run("return document.title") == "GenTaP"
    assert visitor.all("#table-view img, #answers-view img") == []


def test_a_narrow_screen_scrolls_downwards_only(browser: Any, visitor: Visitor) -> None:
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        visitor.open()
        visitor.ask("cut")
        assert visitor.run("return document.documentElement.scrollWidth") <= 390
        assert visitor.one("#ask").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


BROKEN = """
const broken = [];
for (const cell of document.querySelectorAll("#table-view th, #table-view td")) {
  const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const word of texts.currentNode.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (range.getClientRects().length > 1) broken.push(word[0]);
    }
  }
}
return broken;
"""
"""The words of the table that stand on two lines."""


def test_a_long_heading_does_not_break_the_words_of_other_columns(
    visitor: Visitor, tmp_path: Path
) -> None:
    heading = "On the World Heritage List of the United Nations since the year"
    path = tmp_path / "cities.csv"
    path.write_text(f"City,Country,Lies on,{heading}\nKlaipeda,Lithuania,Curonian Lagoon,1997\n")
    visitor.upload(path)
    visitor.wait(lambda: visitor.header[-1] == heading)
    assert visitor.run(BROKEN) == []
    path.write_text(f"City,Country\nKlaipeda,{'x' * 300}\n")
    visitor.open()
    visitor.upload(path)
    visitor.wait(lambda: visitor.column(1) == ["x" * 300])
    assert visitor.run(BROKEN) == ["x" * 300]
    assert visitor.run("return document.documentElement.scrollWidth") <= 1280


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(browser: Any, visitor: Visitor, scheme: str) -> None:
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        visitor.open()
        visitor.ask("cut")
        contrasts = visitor.run(CONTRASTS, ".gradio-container *")
        body = visitor.run("return getComputedStyle(document.body).backgroundColor")
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert body == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[scheme]
    assert len(contrasts) > 5
    assert {pair: contrast for pair, contrast in contrasts.items() if contrast < 4.5} == {}


def test_every_control_has_a_name(visitor: Visitor) -> None:
    visitor.ask("One?")
    nameless = visitor.run(
        "return [...document.querySelectorAll('.gradio-container :is(input, textarea, select,"
        " button, a[href])')].filter((e) => e.checkVisibility() && !(e.labels?.length ||"
        " e.textContent.trim() || e.ariaLabel || e.title)).map((e) => e.outerHTML.slice(0, 200))"
    )
    assert nameless == []


def test_nothing_is_fetched_from_elsewhere(visitor: Visitor, called: list[Any]) -> None:
    visitor.ask("One?")
    names = visitor.run("return performance.getEntriesByType('resource').map((one) => one.name)")
    assert names
    assert [name for name in names if not name.startswith((visitor.address, "data:"))] == []
    hosts = {one[0] for one in called if isinstance(one, tuple)}
    assert hosts <= {"127.0.0.1", "::1", "localhost"}
