"""What hypothesis draws for tests of several rooms."""

from hypothesis import strategies as st

from gentap.records import Table


@st.composite
def tables(
    draw: st.DrawFn, texts: st.SearchStrategy[str], *, min_width: int = 0, max_rows: int = 6
) -> Table:
    """Tables of up to four columns, whose every text is one of ``texts``."""
    width = draw(st.integers(min_width, 4))
    row = st.lists(texts, min_size=width, max_size=width).map(tuple)
    return Table(
        title=draw(texts),
        section=draw(texts),
        caption=draw(texts),
        header=draw(row),
        rows=tuple(draw(st.lists(row, max_size=max_rows))),
    )
