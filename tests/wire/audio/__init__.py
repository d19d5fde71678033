"""Tests, mirroring umserver."""
