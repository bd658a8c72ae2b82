"""What the page's scripts are given, and what they give back."""

from collections.abc import Callable, Sequence
from typing import Any

from gentap.errors import GentapError, InputError
from gentap.records import Table, table_digest, table_to_row
from gentap.runs.counting import counted
from gentap.serving.answer_service import AnswerService, Asking, ModelReply
from gentap.serving.feedback import FeedbackFile


def table_value(table: Table) -> dict[str, Any]:
    row = table_to_row(table)
    return {**row, "header": list(table.header), "rows": [list(cells) for cells in table.rows]}


def table_of_value(value: Any) -> Table:
    """The table as the page sends it."""
    try:
        header, rows = tuple(map(str, value["header"])), value["rows"]
        context = {name: str(value.get(name) or "") for name in ("title", "section", "caption")}
        table = Table(header=header, rows=tuple(tuple(map(str, row)) for row in rows), **context)
    except (KeyError, TypeError, AttributeError):
        raise InputError(
            "There is no table yet. Drop a file, paste cells, or take a sample."
        ) from None
    if any(len(row) != len(header) for row in table.rows):
        raise InputError("The table's rows are not of one length.")
    return table


def asked_key(table: Table, question: str) -> tuple[str, str]:
    """By what a question of a data set is known again."""
    return table_digest(table), " ".join(question.split())


def asked_entry(
    service: AnswerService,
    feedback: FeedbackFile,
    table: Table,
    question: str,
    models: Sequence[str],
) -> dict[str, Any]:
    """What the page shows of a question: an answer of each model, by which it can be judged.

    Raises InputError where no model is chosen, and as :meth:`AnswerService.ask`.
    """
    if not models:
        raise InputError("No model is chosen. Tick at least one.")
    asked = [Asking(model=model, question=question, table=table) for model in models]
    answers = [_answer(reply, feedback.remember(question, reply)) for reply in service.ask(asked)]
    return {"question": " ".join(question.split()), "answers": answers}


def _answer(reply: ModelReply, identifier: str) -> dict[str, Any]:
    answer = reply.answer
    place = "no cell that it read has this value" if answer.cut else "no cell has this value"
    if answer.cell is not None:
        column = reply.table.header[answer.cell.column] or f"column {answer.cell.column + 1}"
        place = f"row {answer.cell.row + 1}, {column}"
    return {
        "id": identifier,
        "model": reply.model,
        "sentence": answer.sentence,
        "spans": [list(span) for span in reply.named.spans],
        "value": answer.value,
        "place": place,
        "probability": answer.probability,
        "coordinates": [list(cell) for cell in reply.cells],
        "named": [list(cell) for cell in reply.named.cells],
        "cut": _cut(reply),
        "rows": list(answer.rows) if answer.cut else None,
        "columns": list(answer.columns) if answer.cut else None,
        "seconds": f"{reply.seconds:.2f}",
    }


def _cut(reply: ModelReply) -> str:
    """What the model did not read."""
    answer, table = reply.answer, reply.table
    if not answer.cut:
        return ""
    rows, columns = len(table.rows), len(table.header)
    if len(answer.rows) == rows and len(answer.columns) == columns:
        return "Some texts were shortened to what the model can read."
    return (
        f"The model read {len(answer.rows):,} of {counted(rows, 'row')} and "
        f"{len(answer.columns):,} of "
        f"{counted(columns, 'column')}: those most like the question."
    )


def judging(feedback: FeedbackFile) -> Callable[[Any], dict[str, str]]:
    """What the thumbs call."""

    def judge(given: Any) -> dict[str, str]:
        try:
            verdict = given["verdict"]
            if verdict not in ("up", "down"):
                raise InputError("A verdict is up or down.")
            feedback.judge(str(given["id"]), verdict, str(given.get("right") or ""))
        except GentapError as error:
            return {"error": str(error)}
        except OSError as error:
            return {"error": f"{feedback.path.name} can't be written: {error.strerror or error}."}
        except (KeyError, TypeError, AttributeError):
            return {"error": "This is no verdict."}
        return {"text": f"Kept in {feedback.path.name}"}

    return judge
