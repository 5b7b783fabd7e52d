"""Suites of programs that nobody here wrote, run natively and under memwatch by scripts/real-suites."""
