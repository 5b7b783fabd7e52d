"""Parts of CPython's own regression tests (libpython3.11-testsuite), test by test, as its JUnit file tells.

/usr/bin/python3 and no other: python3 on the path may be a wrapper, or a build without the tests' libraries.
"""

import xml.etree.ElementTree as ElementTree

from .suite import Suite, add

PYTHON = "/usr/bin/python3"
TESTS = "/usr/lib/python3.11/test/test_json/__init__.py"  # of the package with the tests
NOT_PASSED = ("failure", "error", "skipped")


def tests_as_facts(directory, stdout):
    facts = {}
    for case in ElementTree.parse(directory / "junit.xml").iter("testcase"):
        outcome = next((child.tag for child in case if child.tag in NOT_PASSED), "passed")
        add(facts, case.get("name"), outcome)
    return facts


def suite(name, modules, limit_s=300, **more):
    return Suite(
        name=f"CPython: {name}",
        compared="tests",
        needs=(PYTHON, TESTS),
        # Where a virtual machine has vsock but nobody to connect to, its test waits for ever.
        script=f"exec {PYTHON} -m test -i '*VSOCK*' --junit-xml junit.xml "
        + " ".join(f"test_{module}" for module in modules),
        facts=tests_as_facts,
        limit_s=limit_s,
        **more,
    )


SUITES = [
    suite("data", ("json", "pickle", "zlib", "tracemalloc", "gc")),
    suite("ctypes, mmap", ("ctypes", "mmap")),
    suite("threading", ("threading", "thread", "queue")),
    suite("subprocess", ("subprocess",)),
    suite("signal", ("signal", "faulthandler")),
    suite("socket, select", ("socket", "select", "selectors", "epoll", "poll")),
    suite("os", ("os", "posix", "fork1", "wait3", "wait4", "pty", "resource")),
    suite("futures", ("concurrent_futures",), limit_s=900),
    suite("asyncio", ("asyncio",), limit_s=600),
    suite("multiprocessing fork", ("multiprocessing_fork",), limit_s=600),
    suite("multiprocessing spawn", ("multiprocessing_spawn",), limit_s=900),
]
