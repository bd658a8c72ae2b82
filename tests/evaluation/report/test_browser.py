from pathlib import Path
from typing import Any

import pytest
from browsing import Page
from systems import example, results, two_systems

from gentap.evaluation.report.page import report_page
from gentap.records import Table

HOSTILE = "</script><script>document.title = 'taken'</script><img src=x onerror=alert(2)>"
ARABIC = Table(title="قائمة", header=("سنة", "فيلم"), rows=(("2004", "الفجر"), ("2005", "الغسق")))
SYSTEMS = two_systems()
EXAMPLES = SYSTEMS[0].examples


def test_twenty_examples_are_drawn_and_the_pager_leads_to_the_others(page: Page) -> None:
    assert page.status == "47 examples"
    names = page.ids
    assert names == [f"q{place}" for place in range(20)]
    assert not page.one("#previous").is_enabled()
    page.run("document.getElementById('next').click()")
    names += page.ids
    page.run("document.getElementById('next').click()")
    names += page.ids
    assert names == [one.id for one in EXAMPLES]
    assert page.texts("#page") == ["page 3 of 3"]
    assert not page.one("#next").is_enabled()


def test_every_option_of_every_filter_lists_its_examples(page: Page) -> None:
    listed = {
        select.get_attribute("name"): [
            option.get_attribute("textContent")
            for option in select.find_elements("css selector", "option")
        ]
        for select in page.all("#selects select")
    }
    assert set(listed) == {
        *("table", "evidence", "answer", "word", "kind", "score", "only", "sort"),
    }
    for name in ("table", "evidence", "answer", "word", "kind"):
        found: list[str] = []
        for option, label in enumerate(listed[name][1:]):
            page.choose(name, str(option))
            passed = page.status.removesuffix(" of 47 examples")
            if name != "kind":
                assert label.endswith(f"({passed})")
            found += [str(option)] * int(passed)
        assert len(found) == 47, name
        page.choose(name, "")
    assert page.status == "47 examples"


def test_filters_show_what_they_say(page: Page) -> None:
    page.choose("kind", "1")
    assert page.ids == [one.id for one in EXAMPLES if one.kind == "cell"]
    page.choose("kind", "")
    words = page.texts("#filter-word option")
    page.choose("word", str(next(i for i, w in enumerate(words) if w.startswith("how many")) - 1))
    assert page.ids == [one.id for one in EXAMPLES if one.question == "How many films?"]
    page.choose("word", "")
    titles = page.texts("#filter-only option")
    page.choose("only", str(titles.index("an empty prediction") - 1))
    assert page.ids == ["q3"]
    page.choose("only", str(titles.index("a prediction equal to the reference") - 1))
    equal = [
        one.id
        for place, one in enumerate(EXAMPLES)
        if one.answer in (SYSTEMS[0].predictions[place], SYSTEMS[1].predictions[place])
    ]
    assert page.ids == equal
    assert page.status == f"{len(equal)} of 47 examples"


def test_scores_filter_by_the_chosen_metric(page: Page) -> None:
    for metric in ("rougeL", "rouge2", "exact_match"):
        page.choose("metric", metric)
        kept = [system.scored.by_example() for system in SYSTEMS]
        for option, passes in enumerate(
            (
                lambda score: score == 0,
                lambda score: score < 25,
                lambda score: 25 <= score < 50,
                lambda score: 50 <= score < 75,
                lambda score: score >= 75,
                lambda score: score == 100,
            )
        ):
            page.choose("score", str(option))
            expected = [
                one.id
                for place, one in enumerate(EXAMPLES)
                if any(metric in of[place] and passes(of[place][metric]) for of in kept)
            ]
            assert page.ids == expected[:20], (metric, option)
        page.choose("score", "")


def test_sorting_by_score(page: Page) -> None:
    kept = [system.scored.by_example() for system in SYSTEMS]
    means = {
        one.id: (kept[0][place]["rougeL"] + kept[1][place]["rougeL"]) / 2
        for place, one in enumerate(EXAMPLES)
        if one.kind == "long"
    }
    page.choose("sort", "worst")
    shown = [means[name] for name in page.ids]
    assert shown == sorted(means.values())[:20]
    page.choose("sort", "best")
    assert [means[name] for name in page.ids] == sorted(means.values(), reverse=True)[:20]
    page.choose("sort", "apart")
    apart = [
        abs(kept[0][int(name[1:])]["rougeL"] - kept[1][int(name[1:])]["rougeL"])
        for name in page.ids
    ]
    assert apart == sorted(apart, reverse=True)
    assert apart[0] > 0


def test_search_finds_all_words_in_any_text_and_order(page: Page) -> None:
    page.search("MANY  how")
    assert page.ids == [one.id for one in EXAMPLES if one.question == "How many films?"]
    page.search("nothing such")
    assert page.ids == []
    assert page.status == "0 of 47 examples"
    page.search("many name")  # a table's title and a question
    assert "q7" not in page.ids
    page.search("Many How")
    assert "q7" in page.ids
    page.run("document.getElementById('reset').click()")
    assert page.status == "47 examples"
    assert page.run("return document.getElementById('search').value") == ""


def test_a_click_on_a_group_of_a_chart_lists_its_examples(page: Page) -> None:
    bars = page.all("#chart-word .group")
    label = bars[1].get_attribute("aria-label")
    page.run("document.querySelectorAll('#chart-word .group')[1].dispatchEvent(new Event('click'))")
    count = label.split("; ")[1].removesuffix(" examples")
    assert page.status == f"{count} of 47 examples"
    pressed = page.all("#chart-word .group[aria-pressed=true]")
    assert [bar.get_attribute("aria-label") for bar in pressed] == [label]
    assert page.run("return document.getElementById('filter-word').value") == "1"
    page.press(" ")  # the bar has the focus
    assert page.status == "47 examples"


def test_charts_show_the_scores_of_each_group(page: Page) -> None:
    from gentap.evaluation.groups import group_scores

    groupings = group_scores(EXAMPLES, [system.scored.statistics for system in SYSTEMS])
    assert len(page.all("#charts figure")) == len(groupings) == 4
    for grouping in groupings:
        chart = f"#chart-{grouping['name']}"
        heights = page.run(
            "return [...document.querySelectorAll(arguments[0])]"
            ".map((bar) => Number(bar.getAttribute('height')))",
            f"{chart} .group rect:not(.field)",
        )
        scores = [
            system[place][0]
            for place in range(len(grouping["labels"]))
            for system in grouping["scores"]["rougeL"]
            if system[place]
        ]
        assert len(heights) == len(scores)
        highest = max(zip(heights, scores, strict=True))
        for height, score in zip(heights, scores, strict=True):
            assert height == pytest.approx(score * highest[0] / highest[1], abs=0.01)
    page.choose("metric", "bleu")
    assert page.texts("#charts figcaption")[0] == "BLEU by cells in the table"
    assert page.texts("#curves figcaption") == ["Loss of tuned"]
    assert len(page.all("#curves path")) == 2


def test_cells_are_marked_and_words_that_differ(page: Page) -> None:
    first = "article[data-place='4']"
    assert page.texts(f"{first} td.answer") == ["Dusk (evidence, answer)"]
    assert page.texts(f"{first} td.said-cell") == ["Dawn (predicted)"]
    second = "article[data-place='2']"
    assert page.texts(f"{second} td.evidence") == ["Dawn (evidence)", "Dusk (evidence)"]
    assert EXAMPLES[2].answer == "sang in three films and."
    assert page.texts(f"{second} .prediction:nth-of-type(2) ins") == ["Mara Lind"]
    assert page.texts(f"{second} .reference del") == ["in three films and"]
    page.run("document.querySelectorAll(arguments[0])[1].focus()", f"{second} .prediction")
    assert "against tuned" in page.texts(f"{second} .reference .label")[0]
    assert page.texts(f"{second} .reference del") != ["in three films and"]
    assert page.texts("article[data-place='3'] p.empty") == ["empty"]


def test_a_long_table_is_folded_around_its_evidence_and_opens(page: Page) -> None:
    page.open("#id=q7")
    assert page.ids == ["q7"]
    assert page.texts("td.number") == ["1,200", "1,201", "1,202", "1,204", "1,205", "1,206"]
    assert page.texts(".gap button") == [
        "… 1,199 more rows",
        "… 1 more row",
        "… 1,294 more rows",
    ]
    page.run("document.querySelector('.gap button').click()")
    assert len(page.all("td.number")) == 2500
    assert not page.all(".gap")
    assert len(page.all("td.evidence")) == 2


def test_the_keys_move_through_examples(page: Page) -> None:
    page.press("j")
    page.press("j")
    active = "return document.activeElement.dataset.place"
    assert page.run(active) == "1"
    page.press("k")
    assert page.run(active) == "0"
    page.press("n")
    assert page.ids[0] == "q20"
    page.press("p")
    assert page.ids[0] == "q0"
    page.press("/")
    assert page.run("return document.activeElement.id") == "search"
    page.press("jn")
    page.browser.execute_async_script("setTimeout(arguments[0], 200)")
    assert page.run("return document.activeElement.value") == "jn"
    assert page.ids == []
    page.open("#id=q7")
    page.press("j")
    page.press("t")
    assert len(page.all("td.number")) == 2500


def test_a_view_has_an_address(page: Page) -> None:
    page.choose("word", "1")
    page.choose("sort", "best")
    page.search("film")
    before = page.ids
    address = page.run("return location.hash")
    page.open(address)
    assert page.ids == before
    assert page.run("return document.getElementById('search').value") == "film"
    page.open("#word=99&sort=odd&metric=none&page=-4&id=")
    assert page.status == "47 examples"
    assert page.ids[0] == "q0"


def test_hostile_and_right_to_left_texts_are_shown_as_texts(browser: Any, tmp_path: Path) -> None:
    table = Table(title=HOSTILE, header=(HOSTILE, "b"), rows=((HOSTILE, "<i>x</i>"),))
    examples = [
        example(HOSTILE, f"What {HOSTILE}?", HOSTILE, table=table, cells=[(0, 0)]),
        example("rtl", "ما هو الفيلم؟", "فيلم الغسق.", table=ARABIC, cells=[(1, 1)]),
        example("empty", "", "Dusk."),
    ]
    path = tmp_path / "report.html"
    said = [HOSTILE + " & more", "فيلم الفجر.", ""]
    title = f"Report {HOSTILE}"
    path.write_text(report_page(title, [results(HOSTILE, examples, said)]), encoding="utf-8")
    page = Page(browser, path).open()
    assert page.browser.title.startswith("Report </script>")
    assert page.texts("h1") == [title]
    assert not page.all("img")
    assert not page.all("article i, article script")
    assert page.texts("article h3") == [f"What {HOSTILE}?", "ما هو الفيلم؟", "(no question)"]
    assert page.texts("article .prediction p")[0] == HOSTILE + " & more"
    assert page.texts("article figcaption")[0] == HOSTILE
    direction = "return getComputedStyle(document.querySelectorAll(arguments[0])[1]).direction"
    assert page.run(direction, "article h3") == "rtl"
    assert page.texts("article[data-place='1'] ins") == ["الفجر"]
    page.run("document.querySelectorAll('article header a')[0].click()")
    assert page.ids == [HOSTILE]


def test_a_cut_prediction_says_so(browser: Any, tmp_path: Path) -> None:
    examples = [example("a", "Which?", "Dusk."), example("b", "Who?", "Mara Lind.")]
    system = results("ours", examples, ["word " * 2000, "Mara."])
    path = tmp_path / "report.html"
    path.write_text(report_page("Films", [system]), encoding="utf-8")
    page = Page(browser, path).open()
    assert page.texts("article .note")[0] == "Cut after 2,000 of 10,000 characters."
    page.choose("only", str(page.texts("#filter-only option").index("a prediction cut here") - 1))
    assert page.ids == ["a"]


def test_thousands_of_examples_with_large_tables_open_at_once(browser: Any, tmp_path: Path) -> None:
    rows = tuple((str(row), f"name {row}", f"value {row % 7}", "more text") for row in range(200))
    examples = [
        example(
            f"q{place}",
            f"What is the value of name {place}?",
            f"The value of name {place} is value {place % 7}.",
            table=Table(
                title=f"Table {place % 500}", header=("n", "name", "value", "x"), rows=rows
            ),
            cells=[(place % 200, 1), (place % 200, 2)],
        )
        for place in range(2003)
    ]
    path = tmp_path / "report.html"
    page_text = report_page("Many", [results("ours", examples, ["It is value 3."] * 2003)])
    path.write_text(page_text, encoding="utf-8")
    page = Page(browser, path).open()
    timing = "const t = performance.timing; return t.loadEventEnd - t.navigationStart"
    assert page.run(timing) < 15_000
    assert page.status == "2,003 examples"
    assert len(page.all("article")) == 20
    page.search("name 1999")
    assert page.ids == ["q1999"]
