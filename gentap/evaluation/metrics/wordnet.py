"""WordNet for METEOR, from NLTK's data or Debian's package `wordnet-base`."""

import io
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

from gentap.errors import InputError

_DEBIAN = Path("/usr/share/wordnet")
_NOUNS = (
    "Tops act animal artifact attribute body cognition communication event feeling food group"
    " location motive object person phenomenon plant possession process quantity relation shape"
    " state substance time"
)
_VERBS = (
    "body change cognition communication competition consumption contact creation emotion motion"
    " perception possession social stative weather"
)


def _lexnames() -> str:
    """The names of WordNet's 45 lexicographer files (lexnames(5WN)); Debian leaves the list out."""
    names = [("adj.all", 3), ("adj.pert", 3), ("adv.all", 4)]
    names += [(f"noun.{name}", 1) for name in _NOUNS.split()]
    names += [(f"verb.{name}", 2) for name in _VERBS.split()]
    names += [("adj.ppl", 3)]
    return "".join(f"{number:02d}\t{name}\t{part}\n" for number, (name, part) in enumerate(names))


@lru_cache(maxsize=1)
def open_wordnet() -> Any:
    """An NLTK WordNet reader; raises InputError, with both ways to get one, where there is none."""
    import nltk
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    class DebianReader(WordNetCorpusReader):  # type: ignore[misc]
        def open(self, file: str) -> Any:
            return io.StringIO(_lexnames()) if file == "lexnames" else super().open(file)

        def map_wn(self, version: str = "wordnet") -> None:
            return None

    try:
        folder = nltk.data.find("corpora/wordnet")
    except LookupError:
        try:
            folder = nltk.data.find("corpora/wordnet.zip/wordnet/")
        except LookupError:
            folder = None
    if folder is None:
        if not (_DEBIAN / "data.noun").exists():
            raise InputError(
                "METEOR needs WordNet 3.0, which is not installed. Install Debian's package "
                "(`apt-get install wordnet-base`) or NLTK's data "
                "(`python -m nltk.downloader wordnet`)."
            ) from None
        if str(_DEBIAN) not in nltk.data.path:
            nltk.data.path.append(str(_DEBIAN))
        folder = str(_DEBIAN)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about languages other than English
        return DebianReader(folder, None)
