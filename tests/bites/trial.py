"""Runs one test in a copied tree, for a bounded time, and takes down what it leaves when it is cut short."""

import os
import re
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from harness.workspace import shared_memory_in_use, shared_memory_names
from suites import bounded_run

LIMIT_S = 300  # as ctest's for an integration test
ENDING_S = 0.2  # what was killed has ended, though nobody may have waited for it
FAREWELL_S = 5  # for cgroups, huge pages, mounts


@dataclass
class Trial:
    failed: bool
    hung: bool
    seconds: float
    subtests: int  # of a test that has some: how many failed
    skipped: str  # why, where nothing has run
    said: str  # the end of what it printed


def command_of(tree, test):
    kind, *words = test
    if kind == "unit":
        return [tree.build_directory / "bin" / words[0], *words[1:]]
    binary = tree.build_directory / "bin" / "memwatch"
    return [sys.executable, tree.root / "tests" / "integration" / "run_integration.py", "--memwatch", binary, *words]


def run(tree, test, limit_s=LIMIT_S):
    place = tree.root.parent / "workspaces"  # a short name: sockets are made below it
    shutil.rmtree(place, ignore_errors=True)
    (place / "at").mkdir(parents=True)
    for each in (place.parent, place, place / "at"):
        each.chmod(0o755)  # tests become other users
    environment = {**os.environ, "MEMWATCH_WORKSPACES": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    before = shared_memory_names()
    try:
        command = [str(word) for word in command_of(tree, test)]
        outcome = bounded_run.run(command, place / "at", environment, limit_s, farewell_s=FAREWELL_S)
    finally:
        time.sleep(ENDING_S)
        sweep_segments(before)
        shutil.rmtree(place, ignore_errors=True)
    said = outcome.stdout + outcome.stderr
    subtests = len(re.findall(r"^(?:FAIL|ERROR): \w+ \([\w.]+\) \(", said, re.MULTILINE))
    failed = outcome.status != 0
    # By our clock, or by that of the test itself.
    hung = outcome.timed_out or "subprocess.TimeoutExpired" in said
    return Trial(failed, hung, outcome.seconds, subtests, "" if failed else why_skipped(said), said[-3000:])


def why_skipped(said):
    """"" unless every test was: then it has passed, but proves nothing."""
    ran = re.search(r"^Ran (\d+) test", said, re.MULTILINE)
    skipped = re.search(r"^OK \(skipped=(\d+)\)", said, re.MULTILINE)
    if not ran or not skipped or int(skipped[1]) < int(ran[1]):
        return ""
    reason = re.search(r"skipped ['\"](.*)['\"]$", said, re.MULTILINE)
    return reason[1] if reason else "no reason was given"


def sweep_segments(before):
    """Those that came meanwhile, that nobody uses, and whose process is gone. Other tests' beside this one are swept no
    sooner than any memwatch command would."""
    for name in (shared_memory_names() - before) - shared_memory_in_use():
        path = Path("/dev/shm", name)
        if is_alive(name):
            continue
        if path.is_dir() and not path.is_symlink():
            path.rmdir()  # what a test that was cut short had put in a segment's place
        else:
            path.unlink(missing_ok=True)


def is_alive(segment):
    """By the name, memwatch.USER.PID.START TIME.RANDOM."""
    words = segment.split(".")
    if len(words) != 5:
        return False
    try:
        text = Path("/proc", words[2], "stat").read_text()
    except OSError:
        return False
    state, *rest = text[text.rindex(")") + 2 :].split()
    return state not in "ZX" and rest[18] == words[3]
