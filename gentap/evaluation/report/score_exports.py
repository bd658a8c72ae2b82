"""Scores for papers and other programs: a LaTeX table, a CSV file, and what to cite."""

import csv
import io
import re
from collections.abc import Mapping, Sequence

from gentap.evaluation.metrics.scoring import METRICS
from gentap.evaluation.report.score_tables import Ranges, best_scores

_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_TEX |= {sign: f"\\{sign}" for sign in "&%$#_{}"}
Systems = Mapping[str, Mapping[str, float]]
"""By system and metric a score."""


def latex_table(systems: Systems, ranges: Ranges, protocol: str) -> str:
    """A table for ``booktabs``: the best of each column in bold, intervals behind the scores."""
    names = _names(systems)
    best = best_scores(list(systems.values()))
    lines = [
        f"% Protocol {protocol}; in percent, with 95% bootstrap intervals. Needs booktabs.",
        rf"\begin{{tabular}}{{l{'r' * len(names)}}}",
        r"\toprule",
        _tex_row(["system", *(METRICS[name] for name in names)]),
        r"\midrule",
    ]
    for system, scores in systems.items():
        cells = [_tex(system)]
        for name in names:
            if name not in scores:
                cells.append("")
                continue
            score = f"{scores[name]:.2f}"
            shown = rf"\textbf{{{score}}}" if best.get(name) == scores[name] else score
            low, high = ranges[system][name]
            cells.append(rf"{shown} {{\scriptsize [{low:.1f}, {high:.1f}]}}")
        lines.append(" & ".join(cells) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def csv_table(systems: Systems, ranges: Ranges, protocol: str) -> str:
    """A line for each system and metric: its score and its interval."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(["system", "protocol", "metric", "score", "low", "high"])
    for system, scores in systems.items():
        for name in _names(systems):
            if name in scores:
                low, high = ranges[system][name]
                numbers = (f"{value:.4f}" for value in (scores[name], low, high))
                lines.writerow([system, protocol, name, *numbers])
    return written.getvalue()


def bibliography(metrics: Sequence[str], protocol: str) -> str:
    """BibTeX of the method, of the metrics that were used, and of the protocol's data set."""
    keys = ["shi2022gentap"]
    for name in metrics:
        keys += [key for metric, used in _USED.items() if name.startswith(metric) for key in used]
    keys += _USED_BY_PROTOCOL.get(protocol, [])
    return "\n".join(_ENTRIES[key] for key in dict.fromkeys(keys))


def _names(systems: Systems) -> list[str]:
    return [name for name in METRICS if any(name in scores for scores in systems.values())]


def _tex_row(cells: Sequence[str]) -> str:
    return " & ".join(map(_tex, cells)) + r" \\"


def _tex(text: str) -> str:
    return re.sub(r"[\\~^&%$#_{}]", lambda found: _TEX[found[0]], " ".join(text.split()))


_USED = {
    "bleu": ["papineni2002bleu", "post2018call"],
    "rouge": ["lin2004rouge"],
    "meteor": ["banerjee2005meteor"],
    "parent": ["dhingra2019parent"],
    "denotation": ["pasupat2015compositional"],
}
_USED_BY_PROTOCOL = {"fetaqa": ["nan2022fetaqa"], "totto": ["parikh2020totto"]}


def _entry(key: str, author: str, title: str, booktitle: str, year: int) -> str:
    return (
        f"@inproceedings{{{key},\n  author = {{{author}}},\n  title = {{{title}}},\n"
        f"  booktitle = {{{booktitle}}},\n  year = {{{year}}}\n}}\n"
    )


_ENTRIES = {
    "shi2022gentap": _entry(
        "shi2022gentap",
        "Shi, Peng and others",
        "Generation-focused Table-based Intermediate Pre-training for Free-form Question Answering",
        "AAAI",
        2022,
    ),
    "papineni2002bleu": _entry(
        "papineni2002bleu",
        "Papineni, Kishore and Roukos, Salim and Ward, Todd and Zhu, Wei-Jing",
        "{BLEU}: a Method for Automatic Evaluation of Machine Translation",
        "ACL",
        2002,
    ),
    "post2018call": _entry(
        "post2018call",
        "Post, Matt",
        "A Call for Clarity in Reporting {BLEU} Scores",
        "WMT",
        2018,
    ),
    "lin2004rouge": _entry(
        "lin2004rouge",
        "Lin, Chin-Yew",
        "{ROUGE}: A Package for Automatic Evaluation of Summaries",
        "Text Summarization Branches Out",
        2004,
    ),
    "banerjee2005meteor": _entry(
        "banerjee2005meteor",
        "Banerjee, Satanjeev and Lavie, Alon",
        "{METEOR}: An Automatic Metric for {MT} Evaluation with Improved Correlation with Human "
        "Judgments",
        "ACL Workshop on Intrinsic and Extrinsic Evaluation Measures",
        2005,
    ),
    "dhingra2019parent": _entry(
        "dhingra2019parent",
        "Dhingra, Bhuwan and Faruqui, Manaal and Parikh, Ankur and Chang, Ming-Wei and Das, "
        "Dipanjan and Cohen, William",
        "Handling Divergent Reference Texts when Evaluating Table-to-Text Generation",
        "ACL",
        2019,
    ),
    "pasupat2015compositional": _entry(
        "pasupat2015compositional",
        "Pasupat, Panupong and Liang, Percy",
        "Compositional Semantic Parsing on Semi-Structured Tables",
        "ACL",
        2015,
    ),
    "nan2022fetaqa": _entry(
        "nan2022fetaqa",
        "Nan, Linyong and others",
        "{FeTaQA}: Free-form Table Question Answering",
        "TACL",
        2022,
    )
    .replace("@inproceedings", "@article")
    .replace("booktitle", "journal"),
    "parikh2020totto": _entry(
        "parikh2020totto",
        "Parikh, Ankur and Wang, Xuezhi and Gehrmann, Sebastian and Faruqui, Manaal and Dhingra, "
        "Bhuwan and Yang, Diyi and Das, Dipanjan",
        "{ToTTo}: A Controlled Table-To-Text Generation Dataset",
        "EMNLP",
        2020,
    ),
}
