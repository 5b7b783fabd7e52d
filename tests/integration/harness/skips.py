"""What becomes of a skipped test: with MEMWATCH_NO_SKIPS, where everything is installed, it has failed.

The one place that reads it. A test that never ran looks like one that passed, so only what no installation
could change is allowed to be skipped, and each says why.
"""

import os
import shutil
import unittest

# By what the reason of the skip begins with.
ALLOWED = {
    "no memory cgroup can be made here": "a container sees the cgroups of its host, and may not write them",
    "no cgroup for ": "the same",
    "processes are not counted here": "the same: the pids controller is not given to every subtree",
    "nothing can be frozen here": "the same, of the freezer",
    "no huge pages can be had here": "a setting of the machine, which a container may not write",
    "the kernel has no memory for huge pages now": "they are 2 MiB in one piece each, which an old machine runs out of",
    "the kernel does not let us choose a pid": "ns_last_pid is there in kernels with checkpoint and restore alone",
    "one kernel starts programs of one processor": "a port that is emulated has nothing to mix with",
}


def is_failure(reason):
    return "MEMWATCH_NO_SKIPS" in os.environ and not reason.startswith(tuple(ALLOWED))


def need(program):
    """Skips the test where the program is not there."""
    if shutil.which(program) is None:
        raise unittest.SkipTest(f"no {program} (scripts/install-dependencies --real-programs)")


class Result(unittest.TextTestResult):
    """Covers every way to skip: in a test, its set-up, a subtest, or by a decorator of the test or its class."""

    def addSkip(self, test, reason):
        if is_failure(reason):
            error = AssertionError(f"with MEMWATCH_NO_SKIPS a test has to run: {reason}")
            self.addFailure(test, (AssertionError, error, None))
        else:
            super().addSkip(test, reason)


def run(suite):
    """Whether all is well."""
    return unittest.TextTestRunner(verbosity=2, buffer=False, resultclass=Result).run(suite).wasSuccessful()
