"""Any OpenAI-compatible chat endpoint as the writer."""

from collections.abc import Sequence

from gentap.model.chat.chat_client import ChatClient, ChatRequest, Unanswered
from gentap.model.chat.chat_reply import ChatAnswer
from gentap.questions.writer_input import WriterInput
from gentap.questions.writers.interface import Unwritten, Written
from gentap.questions.writers.prompt import load_prompt, writer_messages
from gentap.questions.writers.reply_question import QUESTION_MARKS, question_of
from gentap.settings.question_sections import WriteSettings

MAX_ENTRIES = 12
MAX_SENTENCE_CHARS = 8000


class ChatWriter:
    """Asks an endpoint for questions and reads them off its replies."""

    max_entries = MAX_ENTRIES

    def __init__(self, address: str, settings: WriteSettings) -> None:
        self._settings = settings
        self._prompt = load_prompt(settings.endpoint.prompt)
        self.client = ChatClient(address, settings.endpoint, "write.endpoint")
        self.name = self.client.name

    def write(self, sources: Sequence[WriterInput], seed: int) -> list[list[Written] | Unwritten]:
        fitting = [len(source.sentence) <= MAX_SENTENCE_CHARS for source in sources]
        requests = [
            self._request(source, seed)
            for source, fits in zip(sources, fitting, strict=True)
            if fits
        ]
        answers = iter(self.client.ask(requests))
        return [
            self._written(next(answers)) if fits else Unwritten("sentence too long for the writer")
            for fits in fitting
        ]

    def score(self, pairs: Sequence[tuple[WriterInput, str]]) -> None:
        return None

    def _request(self, source: WriterInput, seed: int) -> ChatRequest:
        settings = self._settings
        return ChatRequest(
            messages=writer_messages(self._prompt, source),
            answers=settings.candidates or settings.beams,
            temperature=settings.temperature,
            top_p=settings.top_p,
            seed=seed,
        )

    def _written(self, answer: list[ChatAnswer] | Unanswered) -> list[Written] | Unwritten:
        if isinstance(answer, Unanswered):
            return Unwritten(answer.reason, answer.detail)
        read = [(one, question_of(one.text)) for one in answer]
        whole = [said for one, said in read if said and (_is_asked(said) or not one.cut)]
        if whole:
            return [Written(question, None) for question in dict.fromkeys(whole)]
        if any(one.cut for one in answer):
            limit = f"endpoint.max_tokens = {self._settings.endpoint.max_tokens}"
            return Unwritten("endpoint's answer was cut", f"no question within {limit}")
        return Unwritten("endpoint gave an empty answer")


def _is_asked(text: str) -> bool:
    return text[-1] in QUESTION_MARKS
