"""The page: a table, a question, and the answers with their cells marked in the table.

Gradio draws the inputs; the table and the answers are drawn by scripts of our own (``assets/``),
which put texts into the page as texts. Whatever fails is told on the page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.themes.utils.fonts import Font

from gentap.errors import GentapError
from gentap.records import Table
from gentap.runs.console import warn
from gentap.runs.net import describe
from gentap.runs.page_style import page_style
from gentap.serving.answer_service import AnswerService
from gentap.serving.feedback import FeedbackFile
from gentap.serving.page_values import (
    asked_entry,
    asked_key,
    judging,
    table_of_value,
    table_value,
)
from gentap.serving.table_uploads import AskedTable, Upload, read_pasted, read_upload

_ASSETS = files("gentap.serving") / "assets"
_MOST_ENTRIES = 30
"""Questions that stay on the page."""

_MOST_SUGGESTED = 6
_FILES_KEPT = 3_600
"""Seconds after which a file that was dropped on the page is deleted."""

_EMPTY = Table(header=("Column 1", "Column 2"), rows=(("", ""),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page is made of; ``data`` are the tables of the user's own data set."""

    service: AnswerService
    feedback: FeedbackFile
    samples: Sequence[AskedTable]
    data: Sequence[AskedTable] = ()


def page_blocks(page: Page) -> gr.Blocks:
    """The page, to be mounted with :func:`mount_options`."""
    tables = {one.name: one for one in page.samples}
    own = {one.name: one for one in page.data}
    first = next(iter([*page.data, *page.samples]), None)
    models = page.service.models
    references = {
        asked_key(one.table, example.question): example.answer
        for one in [*page.samples, *page.data]
        for example in one.questions
    }
    kept = (_FILES_KEPT, _FILES_KEPT)
    with gr.Blocks(title="GenTaP", analytics_enabled=False, delete_cache=kept) as blocks:
        gr.HTML(_heading(models), apply_default_css=False, elem_id="heading")
        found: Any = gr.State(())
        with gr.Row():
            with gr.Column(scale=7, min_width=320):
                with gr.Tabs(elem_id="sources"):
                    if own:
                        with gr.Tab("Data set"):
                            from_data = gr.Dropdown(
                                list(own), label="Table of the data set", elem_id="data"
                            )
                    with gr.Tab("Samples"):
                        name = first.name if first and not own else None
                        sample = gr.Dropdown(
                            list(tables), value=name, label="Sample table", elem_id="samples"
                        )
                    with gr.Tab("File"):
                        file = gr.File(
                            label="CSV, TSV, XLSX, Parquet or JSONL of tables",
                            height=110,
                            elem_id="file",
                        )
                        which = gr.Dropdown(
                            [], label="Table of the file", visible=False, elem_id="which"
                        )
                    with gr.Tab("Paste"):
                        pasted = gr.Textbox(
                            label="Cells copied from a spreadsheet, headings first",
                            lines=4,
                            max_lines=8,
                            elem_id="pasted",
                        )
                        use = gr.Button("Use these cells", size="sm", elem_id="use")
                notice = gr.HTML("", apply_default_css=False, elem_id="notice")
                view = gr.HTML(
                    table_value(first.table if first else _EMPTY),
                    html_template=_asset("table_view.html"),
                    js_on_load=_asset("table_view.js"),
                    apply_default_css=False,
                    elem_id="table-view",
                )
            with gr.Column(scale=5, min_width=320):
                with gr.Row(equal_height=True, elem_id="asking"):
                    question = gr.Textbox(
                        label="Question",
                        placeholder="Ask about the table",
                        lines=1,
                        max_lines=4,
                        scale=5,
                        min_width=220,
                        elem_id="question",
                    )
                    ask = gr.Button("Ask", variant="primary", scale=1, min_width=80, elem_id="ask")
                chosen = gr.CheckboxGroup(
                    models,
                    value=models,
                    label="Models",
                    visible=len(models) > 1,
                    elem_id="models",
                )
                answers = gr.HTML(
                    [],
                    html_template=_asset("answers_view.html"),
                    js_on_load=_asset("answers_view.js"),
                    apply_default_css=False,
                    elem_id="answers-view",
                    server_functions=[judging(page.feedback)],
                )
                suggested = gr.Dataset(
                    components=[question],
                    samples=_suggestions(first),
                    sample_labels=[one for (one,) in _suggestions(first)],
                    label="Questions about this table",
                    type="values",
                    layout="gallery",
                    elem_id="suggested",
                    visible=first is not None,
                )

        changed = [view, answers, notice, suggested]

        def pick(name: str | None, among: dict[str, AskedTable]) -> list[Any]:
            if name not in among:
                return [gr.skip()] * 4
            return _new_table(among[name].table, suggestions=_suggestions(among[name]))

        def load(given: str | None) -> list[Any]:
            if given is None:
                return [*[gr.skip()] * 4, (), gr.Dropdown(visible=False)]
            return _of_file(read_upload(Path(given), page.service.limits))

        def choose(name: str | None, upload: Any) -> list[Any]:
            table = dict(upload).get(name)
            return [gr.skip()] * 4 if table is None else _new_table(table)

        def paste(text: str) -> list[Any]:
            upload = read_pasted(text, page.service.limits)
            return _new_table(upload.tables[0][1], upload.told)

        def answer(table: Any, asked: str, names: list[str], entries: Any) -> list[Any]:
            entry = asked_entry(
                page.service, page.feedback, table_of_value(table), asked, names or []
            )
            entry["reference"] = references.get(asked_key(table_of_value(table), asked), "")
            return [[entry, *(entries or [])][:_MOST_ENTRIES], ""]

        def on(listener: Callable[..., Any], told: Callable[..., Any], *args: Any) -> None:
            listener(told, *args, api_visibility="private", concurrency_limit=32)

        on(sample.input, _told(lambda name: pick(name, tables), 4, 2), [sample], changed)
        if own:
            on(from_data.input, _told(lambda name: pick(name, own), 4, 2), [from_data], changed)
        on(file.change, _told(load, 6, 2), [file], [*changed, found, which])
        on(which.input, _told(choose, 4, 2), [which, found], changed)
        on(use.click, _told(paste, 4, 2), [pasted], changed)

        def paste_event(event: gr.EventData) -> list[Any]:
            return paste(str(event.text))

        paste_event = _told(paste_event, 4, 2)
        on(view.submit, paste_event, None, changed)
        for listener in (ask.click, question.submit):
            on(
                listener,
                _told(answer, 2, 1),
                [view, question, chosen, answers],
                [answers, notice],
            )
        suggested.click(lambda one: one[0], [suggested], [question], api_visibility="private")
    return blocks


def mount_options() -> dict[str, Any]:
    """How gradio is to mount the page: nothing comes from elsewhere, nothing is kept or told."""
    theme = gr.themes.Base(
        primary_hue="blue",
        neutral_hue="slate",
        font=[Font("system-ui"), Font("sans-serif")],
        font_mono=[Font("ui-monospace"), Font("monospace")],
    ).set(
        body_background_fill="var(--page)",
        body_background_fill_dark="var(--page)",
        body_text_color="var(--text)",
        body_text_color_dark="var(--text)",
        block_background_fill="var(--page)",
        block_background_fill_dark="var(--page)",
        block_label_text_color="var(--soft)",
        block_label_text_color_dark="var(--soft)",
        block_title_text_color="var(--text)",
        block_title_text_color_dark="var(--text)",
        border_color_primary="var(--line)",
        border_color_primary_dark="var(--line)",
        input_background_fill="var(--page)",
        input_background_fill_dark="var(--raised)",
        button_primary_background_fill="#0a58ca",
        button_primary_background_fill_dark="#0a58ca",
        button_primary_background_fill_hover="#0848a6",
        button_primary_background_fill_hover_dark="#0848a6",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
    )
    return {
        "theme": theme,
        "head": f"<style>{page_style()}{_asset('serve.css')}</style>",
        "footer_links": [],
        "run_history": False,
        "show_error": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": False,
        "enable_monitoring": False,
    }


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _heading(models: Sequence[str]) -> str:
    named = ", ".join(f"<code>{escape(name)}</code>" for name in models)
    return (
        '<header class="gt-head"><h1>GenTaP</h1>'
        "<p>Ask about a table. The answer is a sentence, and the cells that it names are marked. "
        f'<span class="gt-models">Answered by {named}, on this machine.</span></p></header>'
    )


def _told(work: Callable[..., list[Any]], outputs: int, notice: int) -> Callable[..., list[Any]]:
    """The same, but what goes wrong is told in the notice, one of the outputs."""

    @wraps(work)
    def told(*given: Any) -> list[Any]:
        try:
            return work(*given)
        except GentapError as error:
            message = str(error)
        except OSError as error:
            message = f"The file can't be read: {error.strerror or error}."
        except Exception as error:
            message = f"internal error: {describe(error)}"
            warn(f"gentap: the page: {message}")
            message += ". Please report this."
        result: list[Any] = [gr.skip()] * outputs
        result[notice] = _notice(message, "error")
        return result

    return told


def _notice(text: str, kind: str = "note") -> str:
    role, name = ("alert", " is-error") if kind == "error" else ("status", "")
    return f'<p class="gt-notice{name}" role="{role}">{escape(text)}</p>' if text else ""


def _new_table(
    table: Table, told: str = "", suggestions: Sequence[Sequence[str]] = ()
) -> list[Any]:
    """The table, no answers, the notice, and the questions to try."""
    dataset = gr.Dataset(
        samples=list(suggestions),
        sample_labels=[one for (one,) in suggestions],
        visible=bool(suggestions),
    )
    return [table_value(table), [], _notice(told), dataset]


def _of_file(upload: Upload) -> list[Any]:
    names = [name for name, _ in upload.tables]
    which = gr.Dropdown(choices=names, value=names[0], visible=len(names) > 1)
    return [*_new_table(upload.tables[0][1], upload.told), upload.tables, which]


def _suggestions(asked: AskedTable | None) -> list[list[str]]:
    return [[one.question] for one in asked.questions[:_MOST_SUGGESTED]] if asked else []
