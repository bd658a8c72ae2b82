"""Packages that an extra brings: imported where they are used, and missed in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager

from gentap.errors import SettingError


@contextmanager
def require(what: str, package: str, extra: str) -> Iterator[None]:
    """Around an import: raises SettingError where the package is not installed."""
    try:
        yield
    except ImportError as error:
        raise SettingError(
            f"{what} needs the package {package}. Type: pip install 'gentap[{extra}]'"
        ) from error
