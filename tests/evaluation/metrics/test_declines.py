"""Which answers decline, and how often rightly."""

import pytest

from gentap.evaluation.metrics.declines import decline_statistics, declines
from gentap.grammar.parser import load_grammar
from gentap.grammar.preview import BUILT_IN, FILMS, PLAYERS, WINNERS
from gentap.grammar.rules import find_grammar
from gentap.grammar.sample import table_random
from gentap.grammar.sampler import QuestionSampler
from gentap.grammar.sentence_sampler import SentenceSampler


@pytest.mark.parametrize(
    ("answer", "does"),
    [
        ("The table does not say who won in 1990.", True),
        ("The table doesn't list her films.", True),
        ("There is no film in the table from 1990.", True),
        ("Das steht nicht in der Tabelle.", True),
        ("The provided table doesn't mention a team called Brill Rovers.", True),
        ("This cannot be determined from the given table.", True),
        ("I'm sorry, but there is no information about her height.", True),
        ("The question is unanswerable.", True),
        ("Ida Frost isn't listed in the table.", True),
        ("The data does not include the year 1990.", True),
        ("Die Tabelle enthält dazu keine Angaben.", True),
        ("In der Tabelle steht kein Jahr 1990.", True),
        ("Dazu nennt die Tabelle nichts.", True),
        ("Die Frage ist nicht zu beantworten.", True),
        ("It does not say who won.", True),
        ("No team won in 1990.", False),
        ("Brill Arms is cheap. It doesn't have good reviews.", False),
        ("According to the table, Ida Frost did not win in 1990.", False),
        ("The table lists four films, but not in order of time.", False),
        ("Kim Rudd does not lead the list.", False),
        ("Die Tabelle beginnt mit Oslo.", False),
        ("Ida Frost hat in der Tabelle 14 Tore.", False),
        ("The table lists four films.", False),
        ("There is not enough information to say who won.", True),
        ("Ida Frost is not among the players in the table.", True),
        ("The Eagles had no losses and finished first in the table.", False),
        ("No team scored more goals in the table than Kim.", False),
        ("Kim is not first on the list, but Jo is.", False),
        ("He is not among the winners.", False),
        ("There was no information booth at the fair.", False),
        ("Anna Berg ist nicht die beste Spielerin in der Tabelle.", False),
        ("Die Tabelle zeigt, dass Kim nur 3 Tore schoss.", False),
        ("", False),
    ],
)
def test_which_answers_decline(answer: str, does: bool) -> None:
    assert declines(answer) is does


@pytest.mark.parametrize("language", ["english", "german"])
def test_all_that_the_grammars_say_of_no_row_declines_and_nothing_else(language: str) -> None:
    maker = QuestionSampler(load_grammar(find_grammar(language)))
    teller = SentenceSampler(maker, (1, 1, 1, 1), 0.5)
    said = set()
    for seed in range(60):
        random = table_random(seed, "t").random
        for about in (BUILT_IN, PLAYERS, WINNERS, FILMS) if seed < 20 else (BUILT_IN,):
            for one in teller.draws(maker.askable(about), 10, 30, random)[0]:
                assert declines(one.answer) == (not one.evidence), one.answer
                said.add(not one.evidence)
    assert said == {True, False}


def test_how_often_a_system_declines_rightly_and_wrongly() -> None:
    no, yes = "The table does not say.", "Ada won."
    references = [[no], [no], [yes], [yes], [yes, "Ada did."]]
    found = decline_statistics([no, yes, no, yes, yes], references)
    assert found["declined_rightly"].score == 50
    assert round(found["declined_wrongly"].score, 1) == 33.3
    assert found["declined_rightly"].by_example() == [100, 0, None, None, None]
    assert decline_statistics([yes], [[yes]]) == {}
