"""What a word is, where nothing else is said: a run of letters, digits and underscores."""

import re

WORD = re.compile(r"\w+")
