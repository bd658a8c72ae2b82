"""What of a page is shown, with the values that it has; and where its prose stands."""

import pytest
from slow_reader import read_slowly

from gentap.documents.markup.html import read_html

HEAD = "<tr><th>Name</th><th>Value</th></tr>"


def cell(content: str) -> str:
    (table,) = read_html(
        f"<table>{HEAD}<tr><td>Ada</td><td>{content}</td></tr></table>", "u"
    ).tables
    return table.rows[0][1]


def prose(html: str) -> list[str]:
    return [block.text for block in read_html(html, "u").blocks]


# Elements that are hidden themselves, in tables


HIDDEN = [
    "<p hidden>x</p>",
    "<h3 style='display:none'>x</h3>",
    "<table style='display:none'><tr><td>x<td>y</table>",
    "<div hidden><p hidden>x<sup hidden>y</sup></p><table><tr><td>z</table></div>",
    "<sup class=reference><b><table><tr><td>x</td></tr></table></b></sup>",
    "<template><p>x</p><table><tr><td>y</table></template>",
    "<span class=sortkey><h2>x</h2></span>",
    "<noscript><p>x</p></noscript><ul hidden><li>y</ul>",
]


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("infoboxes", [False, True])
def test_what_is_hidden_itself_is_left_out_of_a_cell(hidden: str, infoboxes: bool) -> None:
    page = f"<table>{HEAD}<tr><td>Ada</td><td>1{hidden}</td></tr><tr><td>Bob</td><td>2</td></tr>"
    (table,) = read_html(f"{page}</table>", "u", infoboxes=infoboxes).tables
    assert table.rows == (("Ada", "1"), ("Bob", "2"))


@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_is_hidden_itself_is_left_out_of_prose(hidden: str) -> None:
    assert prose(f"<div>Ada wrote the first notes in 1843.{hidden}</div>") == [
        "Ada wrote the first notes in 1843."
    ]


# Values


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("5.97×10<sup>24</sup>", "5.97×10^24"),
        ("10<sup>8</sup> km<sup>2</sup>", "10^8 km²"),
        ("2<sup>−3</sup>", "2^−3"),
        ("10<b><sup> 6 </sup></b>", "10^6"),
        ("10⁸ km²", "10^8 km²"),
        ("1<sup>1</sup>/<sub>2</sub>", "1 1/2"),
        ("1 <sup>1</sup>&frasl;<sub>2</sub>", "1 1/2"),
        ("6 ft <sup>3</sup>/<sub>4</sub> in", "6 ft 3/4 in"),
        ("1½ and ¾", "1 ½ and ¾"),
        ("<sup>1</sup>H", "¹H"),
        ("H<sub>2</sub>O", "H2O"),
        ("101<sub>2</sub>", "101_2"),
        ("3<sup>rd</sup> M<sup>me</sup>", "3rd Mme"),
        ("s<sup>-1</sup>", "s⁻¹"),
        ("12<sup>[1]</sup>", "12"),
        ("12<sup class=reference>3</sup>", "12"),
        ("12<sup><a href='#n3'>3</a></sup>", "12"),
        ("12<sup>[<span hidden>a long hidden note</span>4]</sup>", "12"),
        ("2&#2;&#x3;&#27;[2J", "2[2J"),
        ("A&#160\x021 B&#x32\x0f3 C&#65\x004", "A 1 B23 CA4"),
    ],
)
def test_a_number_keeps_its_value_and_footnotes_go(html: str, text: str) -> None:
    assert cell(html) == text
    assert prose(f"<p>{html}</p>") == [text]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("10<sup>2n</sup>", "10^(2n)"),
        ("2<sup>n</sup>", "2^n"),
        ("2<sup><i>n</i> + 1</sup>", "2^(n+1)"),
        ("10<sup>−x</sup>", "10^(−x)"),
        ("10<sup>x/2</sup>", "10^(x/2)"),
        ("x<sup>n</sup> and (1+r)<sup>n</sup>", "x^n and (1+r)^n"),
        ("e<sup>2n</sup>", "e^(2n)"),
        ("x<sup>1/2</sup> and x<sup>2.5</sup>", "x^(1/2) and x^2.5"),
        ("10<sup>10<sup>8</sup></sup>", "10^(10^8)"),
        ("2<sup>2<sup>n</sup></sup>", "2^(2^n)"),
        ("10<sup>6 ± 1</sup>", "10^(6 ± 1)"),
        ("2<sup>2nd</sup>", "2^(2nd)"),
        ("101<sub>2n</sub>", "101_(2n)"),
        ("log<sub>10</sub>2", "log_10 2"),
        ("10²ⁿ", "10^2n"),
        ("7–6<sup>(7–4)</sup>", "7–6(7–4)"),
        ("7–6<sup>7–4</sup>", "7–6(7–4)"),
        ("Ca<sup>2+</sup>", "Ca²⁺"),
        ("SO<sub>4</sub><sup>2−</sup>", "SO4²⁻"),
        ("x<sub>1</sub><sup>2</sup>", "x1²"),
        ("C<sub>6</sub>H<sub>12</sub>O<sub>6</sub>", "C6H12O6"),
        ("3<sup>1, 2, 5</sup>", "3"),
        ("Lee<sup>1,2,4</sup>", "Lee"),
        ("12<sup>1,2</sup>", "12^1,2"),
        ("4<sup>th</sup> 1<sup>er</sup> 8<sup>va</sup>", "4th 1er 8va"),
        ("5<sup>h</sup>30<sup>m</sup>12.5<sup>s</sup>", "5h30m12.5s"),
        ("15,000<sup>x</sup> 12<sup>a</sup> 2<sup>*</sup>", "15,000x 12a 2*"),
        ("C<sup>7sus4</sup> m<sup>M7</sup> N<sup>o</sup>", "C7sus4 mM7 No"),
    ],
)
def test_what_is_raised_is_no_part_of_the_number_before_it(html: str, text: str) -> None:
    assert cell(html) == text
    assert prose(f"<p>It is {html}.</p>") == [f"It is {text}."]
    page = f"<table>{HEAD}<tr><td>Ada</td><td>{html}</td></tr></table>"
    assert [rows for *_, rows in read_slowly(page)] == [(("Ada", text),)]


def test_a_long_raised_text_is_read_at_once() -> None:
    for text in ("n+" + "1" * 5000 + "!", "n" * 5000 + "+", "n+(" * 2000, "1n" * 5000 + "%"):
        assert text[:5] in cell(f"10<sup>{text}</sup>")


@pytest.mark.parametrize(
    "groups",
    [
        "<thead>{h}</thead><tfoot>{f}</tfoot><tbody>{b}</tbody>",
        "<tfoot>{f}</tfoot><thead>{h}</thead><tbody>{b}</tbody>",
        "<tbody>{b}</tbody><thead>{h}</thead><tfoot>{f}</tfoot>",
        "<thead>{h}</thead><tbody>{b}</tbody><tfoot>{f}</tfoot>",
        "<tfoot>{f}</tfoot><tbody>{b}</tbody><thead>{h}</thead>",
    ],
)
def test_rows_stand_as_browsers_show_them(groups: str) -> None:
    rows = "<tr><td>Dusk<td>2005<tr><td>Dawn<td>2004"
    html = groups.format(h=HEAD, f="<tr><td>Total<td>2", b=rows)
    (table,) = read_html(f"<table>{html}</table>", "u").tables
    assert table.header == ("Name", "Value")
    assert [row[0] for row in table.rows] == ["Dusk", "Dawn", "Total"]


@pytest.mark.parametrize(
    "html",
    [
        "<span class='sr-only'>Name: </span>Ada",
        "<span class='label visually-hidden'>Name:</span>Ada",
        "<b class=visuallyhidden>Name</b> Ada",
        "<span class='screen-reader-text'>Name</span>Ada",
        "A&shy;da",
        "A\u200bd\ufeffa\u2060",
        "&ZeroWidthSpace;Ada&NoBreak;",
    ],
)
def test_what_is_for_other_eyes_or_none_is_no_part_of_a_text(html: str) -> None:
    assert cell(html) == "Ada"
    assert prose(f"<p>{html}</p>") == ["Ada"]


# Prose


SENTENCE = "In 2005 Ann Lee directed Dusk, a film about Reno."


@pytest.mark.parametrize(
    "html",
    [
        f"<div>{SENTENCE}</div>",
        f"<ul><li>{SENTENCE}</li><li>Film</li></ul>",
        f"<dl><dt>Dusk</dt><dd>{SENTENCE}</dd></dl>",
        f"<blockquote>{SENTENCE}</blockquote>",
        f"<figure><img><figcaption>{SENTENCE}</figcaption></figure>",
        f"<body>{SENTENCE}",
        f"Films<br>{SENTENCE}<br>Later",
        f"<div><b>Career</b><br>{SENTENCE}</div>",
        f"<div><span>Home</span><div>{SENTENCE}<div>Up</div></div></div>",
        f"<section><h2>Films</h2>{SENTENCE}<table><tr><td>x</table>Down</section>",
        "<div>In 2005 Ann Lee directed Dusk,<br>a film about Reno.</div>",
        f"<nav>Go to the list of all films now.</nav><main>{SENTENCE}</main>",
    ],
)
def test_prose_is_read_where_it_stands(html: str) -> None:
    assert prose(html) == [SENTENCE]


@pytest.mark.parametrize(
    "aside", ["nav", "footer", "aside", "form", "button", "pre", "svg", "div role=navigation"]
)
def test_what_stands_beside_the_prose_is_none(aside: str) -> None:
    html = f"<{aside}>All rights to these films are reserved.</{aside.split()[0]}>"
    assert prose(f"{html}<div>{SENTENCE}</div>") == [SENTENCE]


@pytest.mark.parametrize(
    "sign", ["<a class=headerlink href='#f'>¶</a>", " <a href='u#f'>#</a>", "<a href='#f'> § </a>"]
)
def test_signs_that_link_to_a_heading_go(sign: str) -> None:
    html = f"<h1>Films{sign}</h1><h2>Early{sign}</h2><table><caption>All{sign}</caption>{HEAD}"
    (table,) = read_html(f"{html}<tr><td>a<td>1</table>", "u").tables
    assert (table.title, table.section, table.caption) == ("Films", "Early", "All")


def test_blocks_within_a_heading_part_its_words() -> None:
    html = f"<h2>Second <p>round</p>of all</h2><table>{HEAD}<tr><td>a<td>1</table>"
    assert read_html(html, "u").tables[0].section == "Second round of all"


# Formulas, and notes of images


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<msup><mn>10</mn><mn>8</mn></msup>", "10^8"),
        ("<msup> <mn>10</mn> <mn>8</mn> </msup>", "10^8"),
        ("<msup><mn>10</mn><mrow><mo>−</mo><mn>3</mn></mrow></msup>", "10^−3"),
        ("<msup><mi>x</mi><mn>2</mn></msup>", "x²"),
        ("<msup><mi>e</mi><mrow><mn>2</mn><mi>n</mi></mrow></msup>", "e^(2n)"),
        ("<mfrac><mn>1</mn><mn>2</mn></mfrac>", "1/2"),
        ("<mn>3</mn><mfrac><mn>1</mn><mn>2</mn></mfrac>", "3 1/2"),
        ("<mfrac><mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow><mi>y</mi></mfrac>", "(x+1)/y"),
        ("<mfrac><mn>1</mn><msup><mn>10</mn><mn>8</mn></msup></mfrac>", "1/(10^8)"),
        ("<msub><mi>a</mi><mi>n</mi></msub>", "a_n"),
        ("<msubsup><mi>a</mi><mi>n</mi><mn>2</mn></msubsup>", "a_n²"),
        ("<msqrt><mn>2</mn></msqrt>", "√2"),
        ("<msqrt><mi>a</mi><mo>+</mo><mi>b</mi></msqrt>", "√(a+b)"),
        ("<msup><mn>7</mn></msup>", "7"),
        ("<mfrac></mfrac><mn>7</mn>", "7"),
        (
            "<semantics><mn>7</mn><annotation encoding='application/x-tex'>7</annotation>"
            "<annotation-xml encoding='text/html'><p>seven</p></annotation-xml></semantics>",
            "7",
        ),
    ],
)
def test_a_formula_keeps_its_value(formula: str, text: str) -> None:
    assert cell(f"<math>{formula}</math>") == text
    (block,) = prose(f"<p>It is <math>{formula}</math> in all.</p>")
    assert block == f"It is {text} in all."


@pytest.mark.parametrize("note", ["title", "desc", "metadata"])
def test_notes_of_an_image_are_no_text(note: str) -> None:
    image = f"<svg><{note}>Flag</{note}><text>12</text></svg>"
    assert cell(f"{image}Italy") == "12Italy"
    assert cell(f"<svg><g><{note}>Flag</{note}></g></svg>Italy") == "Italy"
    assert prose(f"<p>She was born in {image} Italy.</p>") == ["She was born in Italy."]
