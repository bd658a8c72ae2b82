"""Public data sets: where each is, under which licence, and how it is laid out for recipes."""

import shutil
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from gentap.documents.fetching.download import NoSuchFileError, Received, download
from gentap.documents.fetching.ottqa_documents import OTTQA_ARCHIVE, write_ottqa_documents
from gentap.errors import InputError, SettingError
from gentap.runs.files.output_files import writing

_BY_SA_4 = "CC BY-SA 4.0, https://creativecommons.org/licenses/by-sa/4.0/"
_FETAQA = "https://raw.githubusercontent.com/Yale-LILY/FeTaQA/main/data"
_HITAB = "https://raw.githubusercontent.com/microsoft/HiTab/main/data"
_E2E = "https://raw.githubusercontent.com/tuetschek/e2e-dataset/master"
_SQUAD = "https://rajpurkar.github.io/SQuAD-explorer/dataset"
_WIKITABLEQUESTIONS = "https://github.com/ppasupat/WikiTableQuestions/releases/download/v1.0.2"
_ENTERPRISE = "https://dumps.wikimedia.org/other/enterprise_html/runs"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a data set: its address, and its SHA-256 where that is known.

    A zip file is unpacked, without its outermost folder of the name ``strip``.
    """

    url: str
    sha256: str = ""
    strip: str | None = None

    @property
    def name(self) -> str:
        return PurePosixPath(self.url).name


@dataclass(frozen=True, slots=True)
class PublicData:
    """A data set; ``part`` says what its name is followed by, where it is one of many."""

    about: str
    licence: str
    page: str
    files: Callable[[str], tuple[RemoteFile, ...]]
    part: str = ""
    lay_out: Callable[[Path], None] = lambda folder: None
    """Makes of what was fetched into a folder what the other commands read."""


def _each(folder: str, *names: str) -> Callable[[str], tuple[RemoteFile, ...]]:
    return lambda part: tuple(RemoteFile(f"{folder}/{name}") for name in names)


PUBLIC_DATA = {
    "fetaqa": PublicData(
        about="questions answered in a sentence from several cells (Nan et al. 2022)",
        licence=_BY_SA_4,
        page="https://github.com/Yale-LILY/FeTaQA",
        files=_each(_FETAQA, *(f"fetaQA-v1_{split}.jsonl" for split in ("train", "dev", "test"))),
    ),
    "wikitablequestions": PublicData(
        about="questions answered with a cell or a number (Pasupat and Liang 2015), release 1.0.2",
        licence=_BY_SA_4,
        page="https://github.com/ppasupat/WikiTableQuestions",
        files=lambda part: (
            RemoteFile(
                f"{_WIKITABLEQUESTIONS}/WikiTableQuestions-1.0.2-compact.zip",
                "7c9ca7cc1ccd75fe4be0255b44be63f7b566761005f4ee6ce67e51c129d8b085",
                "WikiTableQuestions",
            ),
        ),
    ),
    "totto": PublicData(
        about="tables with highlighted cells and the sentence that says them (Parikh et al. 2020)",
        licence="CC BY-SA 3.0, https://creativecommons.org/licenses/by-sa/3.0/",
        page="https://github.com/google-research-datasets/ToTTo",
        files=lambda part: (
            RemoteFile(
                "https://storage.googleapis.com/totto-public/totto_data.zip", strip="totto_data"
            ),
        ),
    ),
    "hitab": PublicData(
        about="questions about tables with hierarchical headers (Cheng et al. 2022)",
        licence="C-UDA 1.0, https://github.com/microsoft/HiTab/blob/main/LICENSE",
        page="https://github.com/microsoft/HiTab",
        files=lambda part: (
            *_each(_HITAB, *(f"{split}_samples.jsonl" for split in ("train", "dev", "test")))(""),
            RemoteFile(f"{_HITAB}/tables.zip", strip=""),
        ),
    ),
    "squad": PublicData(
        about="reading comprehension, for the question writer (Rajpurkar et al. 2016), version 1.1",
        licence=_BY_SA_4,
        page="https://rajpurkar.github.io/SQuAD-explorer/",
        files=_each(_SQUAD, "train-v1.1.json", "dev-v1.1.json"),
    ),
    "ottqa": PublicData(
        about="tables with the passages that their cells link to (Chen et al. 2021), as documents",
        licence="MIT, https://github.com/wenhuchen/OTT-QA/blob/master/LICENSE; the texts CC BY-SA "
        "3.0, https://creativecommons.org/licenses/by-sa/3.0/",
        page="https://github.com/wenhuchen/OTT-QA",
        files=lambda part: (
            RemoteFile(f"https://github.com/wenhuchen/OTT-QA/archive/refs/heads/{OTTQA_ARCHIVE}"),
        ),
        lay_out=write_ottqa_documents,
    ),
    "e2e": PublicData(
        about="slots of restaurants said in sentences (Novikova et al. 2017)",
        licence=_BY_SA_4,
        page="https://github.com/tuetschek/e2e-dataset",
        files=_each(_E2E, "trainset.csv", "devset.csv", "testset_w_refs.csv"),
    ),
    "commoncrawl": PublicData(
        about="a segment of Common Crawl: web pages as WARC",
        licence="Common Crawl's terms of use, https://commoncrawl.org/terms-of-use; the pages are "
        "their authors'",
        page="https://commoncrawl.org/get-started (a crawl's warc.paths.gz lists its segments)",
        files=lambda part: (RemoteFile(f"https://data.commoncrawl.org/{part}"),),
        part="crawl-data/CC-MAIN-…/segments/…/warc/….warc.gz",
    ),
    "enwiki": PublicData(
        about="all articles of English Wikipedia as HTML (Wikimedia Enterprise); very large",
        licence=_BY_SA_4,
        page=f"{_ENTERPRISE}/ (a folder for each date)",
        files=lambda part: (
            RemoteFile(f"{_ENTERPRISE}/{part}/enwiki-NS0-{part}-ENTERPRISE-HTML.json.tar.gz"),
        ),
        part="a date such as 20250320",
    ),
}
"""By name. Addresses and licences are those that the data sets' own pages give."""


def find_public_data(name: str, part: str) -> tuple[PublicData, tuple[RemoteFile, ...]]:
    """A data set and its files; raises SettingError for another name or a missing part."""
    if name not in PUBLIC_DATA:
        near = get_close_matches(name, PUBLIC_DATA, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise SettingError(f"fetch: no data set '{name}'.{hint} Known: {', '.join(PUBLIC_DATA)}.")
    data = PUBLIC_DATA[name]
    if data.part and not part:
        raise SettingError(f"fetch: {name} is one of many: give {data.part} too. See {data.page}.")
    if part and not data.part:
        raise SettingError(f"fetch: {name} is whole by itself: leave '{part}' out.")
    if ".." in part.split("/") or any(sign in part for sign in "?#\\\r\n "):
        raise SettingError(f"fetch: '{part}' is no name of a part, such as {data.part}.")
    return data, data.files(part)


def fetch_file(
    file: RemoteFile, folder: Path, progress: Received, *, page: str = "", pause: float = 2.0
) -> None:
    """Fetch a file into a folder, and unpack it there where it is a zip file.

    Raises InputError with the reason, and what to do by hand; ``page`` is the data set's.
    """
    target = folder / file.name
    try:
        download(file.url, target, sha256=file.sha256, progress=progress, pause=pause)
    except NoSuchFileError as error:
        look = f"Look on {page} for where it is now" if page else "Find out where it is now"
        raise InputError(
            f"{error} {look}, fetch it by hand, save it as {target}, and run the same command "
            "again."
        ) from None
    except InputError as error:
        raise InputError(
            f"{error} Run the same command again to go on; or fetch {file.url} on a machine that "
            f"can, save it as {target}, and run the same command here."
        ) from None
    if file.strip is not None:
        _unpack(target, folder, file.strip)


def _unpack(archive: Path, folder: Path, strip: str) -> None:
    """All files of an archive that lie below a folder, each whole or not at all."""
    try:
        with zipfile.ZipFile(archive) as held, writing(folder):
            for entry in held.infolist():
                inner = PurePosixPath(entry.filename.removeprefix(f"{strip}/" if strip else ""))
                target = folder / inner
                if entry.is_dir() or target.exists():
                    continue
                if inner.is_absolute() or ".." in inner.parts:
                    raise InputError(f"{archive}: holds a file outside of its folder: {inner}.")
                target.parent.mkdir(parents=True, exist_ok=True)
                aside = target.with_name(f"{target.name}.part")
                with held.open(entry) as packed, aside.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
                aside.replace(target)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:  # locked, too
        raise InputError(
            f"{archive}: not a whole zip file: {error}. Delete it and run the command again."
        ) from None
