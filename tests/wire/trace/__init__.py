"""Tests of umserver.wire.trace."""
