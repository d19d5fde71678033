"""Tests of what the organisation has decided."""
