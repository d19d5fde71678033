"""Tests of umserver.wire.sip."""
