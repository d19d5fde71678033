"""Tools for tests: clocks, networks, phones and ears like the real ones, only at our pace."""
