"""Settings of all tests: no deadlines, for a busy machine is no failure."""

from hypothesis import settings

settings.register_profile("gentap", deadline=None)
settings.load_profile("gentap")
