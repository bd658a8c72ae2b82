"""What stands around a question in a chat model's reply goes; the question stays as it is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gentap.questions.writers.reply_question import MAX_QUESTION_CHARS, question_of

Q = "When was the Holm light opened?"

WRAPPED = [
    *(f"{label} {Q}" for label in ("Question:", "Q:", "Q1:", "Question 2:", "Frage:", "Pregunta:")),
    *(f"{label} {Q}" for label in ("(Question)", "[Question]", "Assistant:", "The question:")),
    *(f"{mark} {Q}" for mark in ("###", "-", "*", "•", ">", "1.", "2)", "(3)", "—", "+")),
    *(f"**Question:** {Q}", f"**Question**: {Q}", f"Question: **{Q}**", f"### Question\n{Q}"),
    *(f"Sure! Here is the question: {Q}", f"Here's a question that fits:\n\n1. {Q}"),
    *(f"A question could be: {Q}", f"Okay, the question:\n> {Q}"),
    *(f"```\n{Q}\n```", f"```text\n{Q}\n```", f"~~~\n{Q}\n~~~", f"`{Q}`", f"{Q}\n---", f"***\n{Q}"),
    *(f'"{Q}"', f"“{Q}”", f"*{Q}*", f"**{Q}**", f"_{Q}_", f"«{Q}»"),
    *(f"<answer>{Q}</answer>", f"<question>\n{Q}\n</question>", f"\\boxed{{{Q}}}"),
    *(f'{{"question": "{Q}"}}', f'```json\n{{"question": "{Q}"}}\n```', f'["{Q}"]'),
    f'{{"questions": ["{Q}"]}}',
    *(f"{Q}\n\nThis question asks for the year.", f"{Q} This question asks for the year."),
    *(f"{Q} (Answer: 1888)", f"{Q}\nAnswer: In 1888.", f"{Q} **Answer:** 1888", f"{Q} [1888]"),
    *(f"{Q}\n\nWould you like another one?", f"{Q}\nDoes this work?", f"Can you do it? {Q}"[15:]),
    *(f"{Q}<|eot_id|>", f"{Q}</s>", f"{Q}<|im_end|>\n<|im_start|>user\nWhat?", f"{Q}<end_of_turn>"),
    *(f"<|im_start|>assistant\n{Q}", f"<|channel|>final<|message|>{Q}<|return|>"),
    f"<|channel|>analysis<|message|>Who?<|end|><|start|>assistant<|channel|>final<|message|>{Q}",
    *(f"<think>Which year?</think>{Q}", f"<think>\n\n</think>\n\n{Q}", f"<THINK>Hm?</THINK> {Q}"),
    *(f"Which year is it? The year.\n</think>\n{Q}", f"[THINK]Who?[/THINK]{Q}"),
    *(f"<thinking>a?</thinking>\n<answer>{Q}</answer>", f"◁think▷a?◁/think▷{Q}"),
    *(f"<think>a?</think><think>b?</think>{Q}", f"<reasoning effort='high'>a?</reasoning>{Q}"),
    *("When was the Holm light\nopened?", f"  {Q}  \r\n", f"I ask for the year.\n\n{Q}"),
]


@pytest.mark.parametrize("reply", WRAPPED)
def test_a_question_comes_out_bare(reply: str) -> None:
    assert question_of(reply) == Q


@pytest.mark.parametrize(
    "question",
    [
        "In Star Wars: Episode IV, who played Luke?",
        "Which team won 3-1?",
        'Who wrote "What Is Art?" in 1897?',
        "What question did the 1994 film ask?",
        "Is the AI: A Novel a book?",
        "How many points did D'Arcy's team, 1. FC Holm, score?",
        "Who played Q in 2002?",
        "哪个城市最大？",
    ],
)
def test_a_question_of_its_own_is_left_alone(question: str) -> None:
    assert question_of(question) == question
    assert question_of(f"Question: {question}\n\nIt asks for a name.") == question


@pytest.mark.parametrize(
    "reply",
    [
        "",
        " \n",
        "<think>\nThe entry is a year, so should I ask when it was opened?",
        "<think>\nMaybe: When was it opened?",
        "<|channel|>analysis<|message|>When was it opened?",
        "[THINK]When was it opened?",
        "<think>When?</think>",
        "```\n```",
        "---",
    ],
)
def test_a_thought_is_no_question(reply: str) -> None:
    assert question_of(reply) == ""


def test_a_reply_without_a_question_is_its_last_line() -> None:
    said = "The light was opened in 1888."
    assert question_of(f"Certainly.\n{said}") == said


@given(
    st.text(
        st.sampled_from("Aa1 ?:.*_`#>-\n\t\"'()[]{}<>/|\\think") | st.characters(), max_size=300
    )
)
def test_any_reply_gives_one_line_and_reading_it_again_changes_nothing_much(reply: str) -> None:
    question = question_of(reply)
    assert len(question) <= MAX_QUESTION_CHARS
    assert "\n" not in question
    assert question == " ".join(question.split())


def test_long_replies_take_no_time() -> None:
    pieces = ["<think>", "</think>", "<s>", "**", "1. ", "Question: ", "here ", "???", "(", "\n"]
    for piece in [*pieces, "<|channel|>", "\\boxed{", "</think>When?", "<|im_start|> ", "```"]:
        started = time.monotonic()
        question_of(piece * 100_000)
        assert time.monotonic() - started < 10
