"""Tools for tests: clocks, networks, phones and ears that behave like the real ones, only at our pace."""
