"""Tests, mirroring umserver. Property tests draw the same examples every time, however slow the
machine.
"""

from hypothesis import settings

settings.register_profile("umserver", derandomize=True, deadline=None, database=None)
settings.load_profile("umserver")
