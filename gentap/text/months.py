"""The English months, as they are written."""

MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
MONTHS = {
    written: number
    for number, name in enumerate(MONTH_NAMES, start=1)
    for written in (name, name[:3], *(["sept"] if name == "september" else []))
}
"""The number of a month by its name and by its abbreviation."""
