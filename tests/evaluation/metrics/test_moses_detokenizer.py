"""What Moses' detokenizer.perl (-l en) prints of each line, noted from the script."""

import pytest

from gentap.evaluation.metrics.moses_detokenizer import detokenize

PRINTED = {
    "the band 's first album ( 2005 ) , for $ 5 .": "the band's first album (2005), for $5.",
    "In 2005 she made Dusk (2 songs).": "In 2005 she made Dusk (2 songs).",
    'called " dawn " , then " dusk "': 'called "dawn", then "dusk"',
    "the jones ' house and ' dusk '": "the jones' house and 'dusk'",
    "well @-@ known": "well-known",
    "tom &amp; jerry &#91; 1940 &#93; &quot; x &quot;": 'tom & jerry [1940] "x"',
    "东 京 tokyo 东": "东京 tokyo 东",
    "„ eins “ ' 's": "„eins“ ''s",
    "99 % of it ?!": "99% of it?!",
    "two  spaces ( (  and": "two spaces (( and",
    "'s first": "'s first",
    "<null>": "<null>",
    "< a b >": "< a b >",
    "": "",
    "  ": "  ",
}


@pytest.mark.parametrize("line", PRINTED)
def test_a_line_is_what_the_script_prints(line: str) -> None:
    assert detokenize(line) == PRINTED[line]
