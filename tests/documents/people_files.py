"""Delimited files as people's programs write them, each with the table that it holds."""

from dataclasses import dataclass

Rows = list[list[str]]


@dataclass(frozen=True)
class PeopleFile:
    """A file's name and bytes, the delimiter and encoding that are right, and its table."""

    name: str
    content: bytes
    delimiter: str
    encoding: str
    header: list[str]
    rows: Rows


HEADER = ["Film", "Year", "Director"]
ROWS = [["Dusk", "2005", "Ann Lee"], ["Dawn", "2004", "Jo Ray"], ["Noon", "2003", "Al Fox"]]
PLAIN = [HEADER, *ROWS]


def _lines(rows: Rows, delimiter: str = ",", end: str = "\n") -> str:
    return "".join(delimiter.join(row) + end for row in rows)


def people_files() -> list[PeopleFile]:
    """Ninety or so files; no two try the same thing."""
    found: list[PeopleFile] = []

    def add(
        name: str,
        text: str,
        delimiter: str = ",",
        header: list[str] = HEADER,
        rows: Rows = ROWS,
        encoding: str = "utf-8",
        mark: bytes = b"",
        suffix: str = ".csv",
    ) -> None:
        content = mark + text.encode(encoding)
        found.append(PeopleFile(f"{name}{suffix}", content, delimiter, encoding, header, rows))

    _add_delimiters(add)
    _add_encodings(add)
    _add_layouts(add)
    _add_quotes(add)
    return found


def _add_delimiters(add) -> None:  # type: ignore[no-untyped-def]
    for name, mark in (("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("pipe", "|")):
        add(f"plain-{name}", _lines(PLAIN, mark), mark)
        add(f"crlf-{name}", _lines(PLAIN, mark, "\r\n"), mark)
        add(f"sep-{name}", f"sep={mark}\r\n" + _lines(PLAIN, mark, "\r\n"), mark)
    add("old-mac-ends", _lines(PLAIN, ",", "\r"))
    add("no-end", _lines(PLAIN)[:-1])
    add("tsv", _lines(PLAIN, "\t"), "\t", suffix=".tsv")
    money = [["Stadt", "Umsatz", "Anteil"], ["Bonn", "1,5", "12,5"], ["Kiel", "2,25", "7,0"]]
    add("decimal-commas", _lines(money, ";"), ";", money[0], money[1:])
    two = [["Jahr", "Umsatz"], ["2020", "1,5"], ["2021", "2,5"], ["2022", "3,5"]]
    add("decimal-commas-two-columns", _lines(two, ";"), ";", two[0], two[1:])
    swapped = [["Preis, in Euro", "Menge, in Tonnen"], ["1,5", "2,5"], ["3,5", "4,5"]]
    add("commas-everywhere", _lines(swapped, ";"), ";", swapped[0], swapped[1:])
    names = [["Name", "City"], ["Lee, Ann", "Austin, TX"], ["Ray, Jo", "Reno, NV"]]
    add("commas-in-tabs", _lines(names, "\t"), "\t", names[0], names[1:])
    add("commas-in-pipes", _lines(names, "|"), "|", names[0], names[1:])
    times = [["Start", "End", "Note"], ["12:30", "13:45", "a;b"], ["09:00", "10:15", "c"]]
    add("semicolon-in-commas", _lines(times), ",", times[0], times[1:])
    one_row = [["Film", "Year"], ["Dusk", "2005"]]
    add("one-row", _lines(one_row, ";"), ";", one_row[0], one_row[1:])
    dates = [["Date", "Amount"], ["01.02.2004", "1.234,50"], ["03.04.2005", "99,00"]]
    add("german-bank", _lines(dates, ";", "\r\n"), ";", dates[0], dates[1:])
    urls = [["Site", "Link"], ["One", "http://a.org/?b=1|2"], ["Two", "http://c.org/d;e"]]
    add("addresses", _lines(urls), ",", urls[0], urls[1:])
    long = [["Title", "Text"], ["One", "It rained, and we left. Then, at noon, it stopped."]] + [
        [f"T{n}", f"Part {n}, of some, is long, but well said; is it not?"] for n in range(5)
    ]
    add("prose-in-tabs", _lines(long, "\t"), "\t", long[0], long[1:])
    quoted = [["a", "b"], ["1", "x;y;z"], ["2", "p;q;r"], ["3", "s;t;u"]]
    text = 'a,b\n1,"x;y;z"\n2,"p;q;r"\n3,"s;t;u"\n'
    add("lists-in-quotes", text, ",", quoted[0], quoted[1:])
    empties = [["a", "b", "c"], ["1", "", ""], ["", "2", ""], ["", "", "3"]]
    add("many-empty", _lines(empties, ";"), ";", empties[0], empties[1:])
    coordinates = [["Ort", "Lage"], ["Bonn", "50,7 / 7,1"], ["Kiel", "54,3 / 10,1"]]
    add("coordinates", _lines(coordinates, ";"), ";", coordinates[0], coordinates[1:])


def _add_encodings(add) -> None:  # type: ignore[no-untyped-def]
    german = [["Film", "Jahr", "Größe"], ["Dämmerung", "2004", "groß"], ["Über", "2005", "klein"]]
    french = [["Ville", "Région"], ["Montréal", "Québec"], ["Orléans", "Centre"]]
    polish = [["Miasto", "Rzeka"], ["Łódź", "Łódka"], ["Gdańsk", "Wisła"], ["Kraków", "Wisła"]]
    russian = [["Город", "Река"], ["Москва", "Москва"], ["Санкт-Петербург", "Нева"]]
    greek = [["Πόλη", "Ποτάμι"], ["Αθήνα", "Κηφισός"], ["Λάρισα", "Πηνειός"]]
    japanese = [["映画", "年"], ["夕暮れ", "2005"], ["夜明け", "2004"]]
    chinese = [["城市", "人口"], ["北京", "2189"], ["上海", "2487"], ["广州市", "1868"]]
    korean = [["도시", "인구"], ["서울", "9720"], ["부산", "3400"]]
    spanish = [["Ciudad", "Año"], ["León", "2004"], ["A Coruña", "2005"], ["Málaga", "2006"]]
    nordic = [["By", "Fjord"], ["Tromsø", "Balsfjord"], ["Ålesund", "Storfjord"]]
    euro = [["Ware", "Preis"], ["Brot", "3 €"], ["Käse", "5 €"]]
    capitals = [["STADT", "LAND"], ["KÖLN", "NRW"], ["MÜNCHEN", "BAYERN"]]
    turkish = [["Şehir", "İl"], ["İstanbul", "İstanbul"], ["Eskişehir", "Eskişehir"]]
    for name, rows, encoding in (
        ("german-cp1252", german, "cp1252"),
        ("french-cp1252", french, "cp1252"),
        ("spanish-cp1252", spanish, "cp1252"),
        ("nordic-cp1252", nordic, "cp1252"),
        ("euro-cp1252", euro, "cp1252"),
        ("capitals-cp1252", capitals, "cp1252"),
        ("german-mac", german, "mac_roman"),
        ("french-mac", french, "mac_roman"),
        ("german-dos", german, "cp850"),
        ("french-dos", french, "cp850"),
        ("polish-cp1250", polish, "cp1250"),
        ("russian-cp1251", russian, "cp1251"),
        ("russian-koi8", russian, "koi8_r"),
        ("russian-dos", russian, "cp866"),
        ("greek-cp1253", greek, "cp1253"),
        ("turkish-cp1254", turkish, "cp1254"),
        ("japanese-sjis", japanese, "cp932"),
        ("japanese-euc", japanese, "euc_jp"),
        ("chinese-gbk", chinese, "gb18030"),
        ("korean-euc", korean, "euc_kr"),
        ("german-utf8", german, "utf-8"),
        ("japanese-utf8", japanese, "utf-8"),
        ("emoji-utf8", [["a", "b"], ["😀", "1"], ["x", "2"]], "utf-8"),
    ):
        add(name, _lines(rows), ",", rows[0], rows[1:], encoding)
    add(
        "german-cp1252-semicolons",
        _lines(german, ";", "\r\n"),
        ";",
        german[0],
        german[1:],
        "cp1252",
    )
    add("bom", _lines(german), ",", german[0], german[1:], mark=b"\xef\xbb\xbf")
    add(
        "bom-sep",
        "sep=;\r\n" + _lines(german, ";"),
        ";",
        german[0],
        german[1:],
        mark=b"\xef\xbb\xbf",
    )
    for name, encoding, mark in (
        ("utf16-le-mark", "utf-16-le", b"\xff\xfe"),
        ("utf16-be-mark", "utf-16-be", b"\xfe\xff"),
        ("utf16-le", "utf-16-le", b""),
        ("utf16-be", "utf-16-be", b""),
    ):
        add(name, _lines(german, "\t", "\r\n"), "\t", german[0], german[1:], encoding, mark)


def _add_layouts(add) -> None:  # type: ignore[no-untyped-def]
    body = _lines(PLAIN)
    add("title-padded", "Films of Jane Doe,,\n,,\n" + body)
    add("title-short", "Films of Jane Doe\n" + body)
    add("title-blank-line", "Films of Jane Doe\n\n" + body)
    add("title-with-comma", "Films, all of them\n\n" + body)
    add("two-titles", "Films\nas of 2006\n" + body)
    add("semicolon-title", "Filme;;\n;;\n" + _lines(PLAIN, ";"), ";")
    add("facts-above", "Report:,Films\nDate:,2006-01-01\n\n" + body)
    add("remark-above", "# exported 2024-01-02\n" + body)
    add("remarks-above", "# a, b\n# c\n#\n" + body)
    add("remark-between", _lines(PLAIN[:2]) + "# note\n" + _lines(PLAIN[2:]))
    add("note-below", body + "\nSource: our survey\n")
    add("note-below-padded", body + '\n"Source: our survey, 2006",,\n')
    add("notes-below", body + "* estimated\n** by hand\n")
    add("blank-lines", "\n\n" + body.replace("\n", "\n\n"))
    add("blank-rows-at-end", body + ",,\n,,\n")
    add("trailing-all", _lines([[*row, ""] for row in PLAIN]))
    add("trailing-header", _lines([[*HEADER, ""], *ROWS]))
    add("trailing-rows", _lines([HEADER, *([*row, ""] for row in ROWS)]))
    add("many-trailing", _lines([[*row, "", "", ""] for row in PLAIN]))
    levels = [["North", "1", "2", "3", "4"], ["South", "5", "6", "7", "8"]]
    years = ["Region", "Sales 2004", "Sales 2005", "Costs 2004", "Costs 2005"]
    above = "Region,Sales,,Costs,\n,2004,2005,2004,2005\n"
    add("two-levels", above + _lines(levels), ",", years, levels)
    pandas = ",Sales,Sales,Costs,Costs\n,2004,2005,2004,2005\nRegion,,,,\n"
    add("two-levels-pandas", pandas + _lines(levels), ",", years, levels)
    words = ["Name", "Home won", "Home lost", "Away won", "Away lost"]
    above = "Name,Home,,Away,\n,won,lost,won,lost\n"
    add("two-levels-words", above + _lines(levels), ",", words, levels)
    three = ["Region", "Sales Home 2004", "Sales Home 2005", "Sales Away 2004", "Sales Away 2005"]
    above = "Region,Sales,,,\n,Home,,Away,\n,2004,2005,2004,2005\n"
    add("three-levels", above + _lines(levels), ",", three, levels)
    mixed = ["Region", "Sales Home 2004", "Sales Home 2005", "Costs Away 2004", "Costs All 2004"]
    above = "Region;Sales;;Costs;\n;Home;;Away;All\n;2004;2005;2004;2004\n"
    add("three-levels-semicolons", above + _lines(levels, ";"), ";", mixed, levels)
    add("end-of-file-of-dos", body.replace("\n", "\r\n") + "\x1a")
    add("end-of-file-and-line", body + "\x1a\r\n")
    index = [["", "a", "b"], ["x", "1", "2"], ["y", "3", "4"]]
    add("index-without-name", _lines(index), ",", index[0], index[1:])
    same = [["Region", "Sales", "Sales"], ["North", "1", "2"], ["South", "3", "4"]]
    add("same-names", _lines(same), ",", same[0], same[1:])
    holes = [["Region", "", "Costs"], ["North", "1", "2"], ["South", "3", "4"]]
    add("nameless-column", _lines(holes), ",", holes[0], holes[1:])
    yearly = [["Region", "2004", "2005"], ["North", "1", "2"], ["South", "3", "4"]]
    add("years-as-names", _lines(yearly), ",", yearly[0], yearly[1:])
    total = [*yearly, ["Total", "4", "6"]]
    add("total-below", _lines(total), ",", total[0], total[1:])
    rank = [["#", "Name"], ["1", "Ann"], ["2", "Jo"]]
    add("number-sign-as-name", _lines(rank), ",", rank[0], rank[1:])
    tags = [["Tag", "Count"], ["#one", "1"], ["#two", "2"]]
    add("number-signs-in-cells", _lines(tags), ",", tags[0], tags[1:])
    missing = [HEADER, ["Dusk", "2005", ""], ["Dawn", "2004", ""], ["Noon", "", "Al Fox"]]
    add("missing-cells", _lines(missing), ",", missing[0], missing[1:])
    last = [HEADER, *ROWS, ["Night", "", ""]]
    add("last-row-one-cell", _lines(last), ",", HEADER, last[1:])
    add("header-again", body + body, rows=ROWS + ROWS)


def _add_quotes(add) -> None:  # type: ignore[no-untyped-def]
    cities = [
        ["Name", "City, state", "Year"],
        ["Ann", "Austin, TX", "2005"],
        ["Jo", "Reno, NV", "1"],
    ]
    text = 'Name, "City, state", Year\nAnn, "Austin, TX", 2005\nJo, "Reno, NV", 1\n'
    add("blank-before-quote", text, ",", cities[0], cities[1:])
    text = 'Name,"City, state",Year\nAnn,"Austin, TX",2005\nJo,"Reno, NV",1\n'
    add("quotes", text, ",", cities[0], cities[1:])
    add(
        "curly-quotes",
        text.replace('"Reno', "“Reno")
        .replace('NV"', "NV”")
        .replace('"Austin', "“Austin")
        .replace('TX"', "TX”")
        .replace('"City', "“City")
        .replace('state"', "state”"),
        ",",
        cities[0],
        cities[1:],
    )
    marked = "Name{0}City, state{1}Year\nAnn{0}Austin, TX{1}2005\nJo{0}Reno, NV{1}1\n"
    for name, left, right in (("low", "„", "“"), ("low-high", "„", "”"), ("angled", "«", "»")):
        add(f"{name}-quotes", marked.format(f",{left}", f"{right},"), ",", cities[0], cities[1:])
    told = [["Name", "Said", "Year"], ["Ann", "“hi”", "2005"], ["Jo", "“it is” so", "2004"]]
    add("curly-quotes-as-text", _lines(told), ",", told[0], told[1:])
    add("curly-quotes-in-tabs", _lines(told, "\t"), "\t", told[0], told[1:])
    add("blank-after-quote", text.replace('",', '" ,'), ",", cities[0], cities[1:])
    add("single-quotes", text.replace('"', "'"), ",", cities[0], cities[1:])
    all_quoted = "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in PLAIN)
    add("all-quoted", all_quoted)
    add("all-quoted-semicolons", all_quoted.replace(",", ";"), ";")
    said = [["Name", "Said", "Year"], ["Ann", '"hi, you" twice', "2005"], ["Jo", "plain", "2004"]]
    text = 'Name,Said,Year\nAnn,"""hi, you"" twice",2005\nJo,"plain",2004\n'
    add("doubled", text, ",", said[0], said[1:])
    text = 'Name,Said,Year\nAnn,"\\"hi, you\\" twice",2005\nJo,"plain",2004\n'
    add("backslash", text, ",", said[0], said[1:])
    bare = [["Name", "Said", "Year"], ["Ann", 'She said "hi" there', "2005"], ["Jo", "a", "2004"]]
    text = 'Name,Said,Year\nAnn,"She said "hi" there",2005\nJo,"a",2004\n'
    add("quotes-not-doubled", text, ",", bare[0], bare[1:])
    inches = [["Height", "Note"], ["5'10\"", "tall"], ["6'1\"", "taller"]]
    add("inches", _lines(inches, "\t"), "\t", inches[0], inches[1:])
    live = [["No", "Title"], ["1", '"Heroes" live'], ["2", "Low"], ["3", '"Lodger" again']]
    add("quote-begins", _lines(live), ",", live[0], live[1:])
    stray = [["No", "Title"], ["1", '"Low'], ["2", "Pop"], ["3", '"Lodger'], ["4", "Scary"]]
    add("two-stray", _lines(stray), ",", stray[0], stray[1:])
    closing = [["No", "T", "Y"], ["1", '"Low', "1977"], ["2", "Pop", "1980"], ["3", 'Lo"', "1979"]]
    add("stray-pair", _lines(closing), ",", closing[0], closing[1:])
    breaks = [
        ["Film name", "Year, of release", "Take"],
        ["Dusk", "2005", "1"],
        ["Dawn", "2004", "2"],
    ]
    text = '"Film\nname";"Year, of release";Take\nDusk;2005;1\nDawn;2004;2\n'
    add("break-in-header", text, ";", breaks[0], breaks[1:])
    address = [["Name", "Address"], ["Ann", "1 High St, Bonn Germany"], ["Jo", "2 Low St, Kiel"]]
    text = 'Name,Address\nAnn,"1 High St, Bonn\nGermany"\nJo,"2 Low St, Kiel"\n'
    add("break-in-cell", text, ",", address[0], address[1:])
    lone = [["Name", "Note"], ["O'Neil", "it's"], ["D'Arcy", "'tis"]]
    add("apostrophes", _lines(lone), ",", lone[0], lone[1:])
    paths = [["Path", "Size"], ["C:\\new\\tab", "1"], ["D:\\", "2"]]
    add("backslashes-as-text", _lines(paths), ",", paths[0], paths[1:])
    empty = [["a", "b"], ["", "1"], ["x", ""]]
    add("empty-in-quotes", 'a,b\n"",1\nx,""\n', ",", empty[0], empty[1:])
