"""The canonical form of a page's address, in which addresses are compared."""

import posixpath
import re
import unicodedata
from urllib.parse import parse_qsl, unquote, urlsplit

_ARCHIVES = re.compile(
    r"(?:web\.archive\.org|archive\.org|archive\.(?:is|today|ph|li|md|fo|vn)|arquivo\.pt"
    r"|webarchive\.[\w.-]+|[\w.-]*wayback[\w.-]*)/"
    r"(?:[\w.-]+/)*?(?:\d[\d.-]*(?:[a-z]+_)?|\*|save|newest|oldest)/"
    r"(?=\S*\.)(.+)",
    re.I | re.S,
)
_CACHE = re.compile(r"webcache\.googleusercontent\.com/search\?q=cache:(?:[\w-]+:)?(.+)", re.I)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:/{1,2}|//", re.I)
_HOST_FIRST = re.compile(r"[^\s/:?#@.][^\s/:?#@]*\.[^\W\d_]{2,}\.?(?::\d+)?/", re.I)
_MOBILE = frozenset(["m", "mobile", "zero", "amp", "touch", "wap"])
_INDEX = re.compile(r"/(?:index|default)\.(?:x?html?|php|aspx?|jsp)$")
_WIKI = re.compile(r"/(?:wiki|w)?/?(?:index\.php/)?(?:wiki/)?")
_NAMED_BY_PATH = re.compile(r"/wiki/.|/index\.php/.|\.(?:x?html?|pdf)$")
_NAMES_NOTHING = re.compile(
    r"utm_\w*|[a-z]*clid|ref|ref_src|referrer|campaign|session_?id|phpsessid|jsessionid|sid"
    r"|action|printable|useskin|uselang|mobileaction|veaction|redirect|amp|_ga|mc_[ce]id|nocache"
)
_DEFAULT_PORTS = frozenset([80, 443])


def canonical_address(address: str) -> str:
    """A page's address as all ways of writing it have it; ``""`` where it is none.

    Without scheme, ``www.``, mobile host, default port, fragment, escapes, capitals, what a web
    archive or brackets put around it, and the parts of its query that name no page. MediaWiki's
    ``index.php?title=X`` is ``/wiki/X``.
    """
    text = unicodedata.normalize("NFC", address).strip().removeprefix("<").removesuffix(">").strip()
    text = text.removeprefix("URL:")
    for _ in range(3):  # an archive of an archive
        bare = _without_scheme(text)
        found = _ARCHIVES.fullmatch(bare) or _CACHE.fullmatch(bare)
        if found is None:
            break
        text = unquote(found[1]) if "%3a" in found[1][:12].lower() else found[1]
    if not (_SCHEME.match(text) or _HOST_FIRST.match(text)):
        return ""
    try:
        parts = urlsplit(f"//{_without_scheme(text)}".casefold())
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        return ""
    if not host:
        return ""
    if port is not None and port not in _DEFAULT_PORTS:
        host = f"{host}:{port}"
    path, named = _page(parts.path, parts.query)
    return f"{host}{path}{named}".casefold()


def _without_scheme(text: str) -> str:
    scheme = _SCHEME.match(text)
    return text[scheme.end() :] if scheme else text


def _host(name: str) -> str:
    labels = name.rstrip(".").split(".")
    if labels[0] == "www" and len(labels) > 2:
        labels = labels[1:]
    if len(labels) > 2:
        place = next((at for at in (0, 1) if labels[at] in _MOBILE), None)
        if place is not None and len(labels) - 1 > place + 1:
            del labels[place]
    if labels[0] == "www" and len(labels) > 2:
        labels = labels[1:]
    name = ".".join(labels)
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _page(path: str, query: str) -> tuple[str, str]:
    """A path and what of a query names the page."""
    path = unquote(path.partition(";")[0])
    path = unicodedata.normalize("NFC", path).replace(" ", "_").casefold()
    if path:
        path = posixpath.normpath(f"/{path.lstrip('/')}").rstrip("/")
    fields = dict(parse_qsl(query.replace(";", "&"), max_num_fields=100)) if query else {}
    if curid := fields.get("curid"):
        return "", f"?curid={curid}"
    title = fields.get("title", "")
    if title and _WIKI.fullmatch(f"{_INDEX.sub('', path)}/"):
        path = f"/wiki/{title}"
    path = path.replace("/index.php/", "/wiki/").replace("/w/wiki/", "/wiki/").replace(" ", "_")
    if _NAMED_BY_PATH.search(path):
        return _INDEX.sub("", path), ""
    naming = sorted(
        f"{name}={value}" for name, value in fields.items() if not _NAMES_NOTHING.fullmatch(name)
    )
    path = _INDEX.sub("", path)
    return path, f"?{'&'.join(naming)}" if naming else ""
