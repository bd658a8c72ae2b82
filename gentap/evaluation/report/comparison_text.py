"""A comparison as people read it: Markdown."""

from collections.abc import Mapping

from gentap.evaluation.compare import Comparison, SystemPair
from gentap.evaluation.metrics.resampling import Difference
from gentap.evaluation.metrics.scoring import METRICS
from gentap.evaluation.report.score_tables import in_markdown, markdown, scores_table
from gentap.runs.counting import counted

_TESTS_NOTE = (
    "p: paired bootstrap, and approximate randomization; two-sided, not corrected for the number of"
    " tests."
)


def comparison_text(comparison: Comparison) -> str:
    """The scores, a table of differences for each pair, and the questions that differ most."""
    scores = {system.name: system.scored.values() for system in comparison.systems}
    text = [scores_table(scores)]
    text += [_differences(pair) for pair in comparison.pairs]
    text.append(f"{_TESTS_NOTE}\n")
    if comparison.places:
        text.append(f"They differ most in {METRICS[comparison.by]} on these questions:\n")
        text += [_question(comparison, place) for place in comparison.places]
    return "\n".join(text)


def _differences(pair: SystemPair) -> str:
    names = f"{in_markdown(pair.second)} against {in_markdown(pair.first)}"
    text = [f"{names}:", "", _leads(pair.differences)]
    for evidence, group in pair.by_evidence.items():
        of = f"the {counted(group.questions, 'question')} whose evidence is {evidence}"
        text += [f"{names}, {of}:", "", _leads(group.differences)]
    return "\n".join(text)


def _leads(differences: Mapping[str, Difference]) -> str:
    lines = [["metric", "difference", "95% interval", "bootstrap p", "randomization p"]]
    for name, found in differences.items():
        interval = f"{found.low:+.2f} to {found.high:+.2f}"
        tests = [f"{found.bootstrap_p:.3f}", f"{found.randomization_p:.3f}"]
        lines.append([METRICS[name], f"{found.points:+.2f}", interval, *tests])
    return markdown(lines)


def _question(comparison: Comparison, place: int) -> str:
    example = comparison.systems[0].examples[place]
    question, title = in_markdown(example.question), in_markdown(example.table.title)
    lines = [f"- {question} ({title})", f"  reference: {in_markdown(example.answer)}"]
    for system in comparison.systems:
        own = system.scored.statistics[comparison.by].by_example()[place]
        score = "" if own is None else f" ({own:.1f})"
        lines.append(
            f"  {in_markdown(system.name)}{score}: {in_markdown(system.predictions[place])}"
        )
    return "\n".join(lines) + "\n"
