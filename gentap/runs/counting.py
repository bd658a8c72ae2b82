"""Numbers with their nouns, as messages and reports say them."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """``1 record``, ``2,000 records``; a ``plural`` is given where it is more than an s."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
