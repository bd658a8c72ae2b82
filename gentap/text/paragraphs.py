"""Lines of a text to its paragraphs."""

from collections.abc import Iterable, Iterator

_GOES_ON = (",", "–", "—", "(", "/")
"""A line that ends so is no whole one."""


def paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """A line is a paragraph, so that no heading is taken for the beginning of a sentence.

    Two are one where the first can't end there, or the second begins in a small letter.
    """
    open_line = ""
    for line in lines:
        line = " ".join(line.split())
        if open_line and line and (line[0].islower() or open_line.endswith(_GOES_ON)):
            open_line = f"{open_line} {line}"
            continue
        if open_line:
            yield open_line
        open_line = line
    if open_line:
        yield open_line
