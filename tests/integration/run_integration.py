#!/usr/bin/env python3
"""Runs integration test modules on a built memwatch.

usage: run_integration.py [--memwatch FILE] [--preload FILE] [--hosts DIR] [--oracle FILE]
                          [--random-allocator FILE] [--seeds N] [--rows PATTERN] [MODULE…]

--rows leaves out the rows of a table (test_hazards.py) that do not match, as a shell would match them; a table in
which none does has failed.

Without modules, all of them. What is not named is looked for beside the binary, as the build lays it
out. Needs nothing but Python 3.9 and its standard library, and what some tests say that they need.
"""

import argparse
import os
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent

OPTIONS = {
    "memwatch": "MEMWATCH_BINARY",
    "preload": "MEMWATCH_PRELOAD_LIBRARY",
    "hosts": "MEMWATCH_HOSTS",
    "oracle": "MEMWATCH_ORACLE",
    "random_allocator": "MEMWATCH_RANDOM_ALLOCATOR",
    "seeds": "MEMWATCH_TEST_SEEDS",
    "rows": "MEMWATCH_TEST_ROWS",
}


def main():
    parser = argparse.ArgumentParser(description="integration tests of memwatch")
    for option in OPTIONS:
        parser.add_argument("--" + option.replace("_", "-"), dest=option)
    parser.add_argument("modules", nargs="*", help="e.g. entry_points; default: all")
    arguments = parser.parse_args()
    for option, variable in OPTIONS.items():
        if getattr(arguments, option) is not None:
            os.environ[variable] = getattr(arguments, option)

    sys.path.insert(0, str(HERE))
    from harness import skips

    modules = arguments.modules or sorted(path.stem.removeprefix("test_") for path in HERE.glob("test_*.py"))
    # A name may go on to a class and a method: attach.AttachTest.test_list.
    suite = unittest.defaultTestLoader.loadTestsFromNames("test_" + name for name in modules)
    return 0 if skips.run(suite) else 1


if __name__ == "__main__":
    sys.exit(main())
