"""While a leak check of one process works, the rest of its tree goes on: new processes are welcomed, full rings emptied."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

from harness.case import TIMEOUT_S, IntegrationTest
from harness.configuration import configuration
from harness.kills import is_gone, wait_until
from harness.leaks_request import DONE, ask_for_leaks, start_ticks
from harness.report import Report
from harness.running import RunningProgram
from harness.workspace import remove_segments_of
from test_daemon import DaemonTest

# Looked through in a third of a second or more; its twin takes hardly any memory.
MEBIBYTES = 400
HEAP, FLAG = "lives_through_checks", "goes-on"
# Says "n" for each process that has come and gone, and "a" now and then of one that allocates all the time.
TREE = f"""
sleep 600 | "$0/{HEAP}" {MEBIBYTES} > heap &
until grep -q ready heap; do sleep 0.1; done
"$0/allocates_on_and_on" &
while [ -e {FLAG} ]; do "$0/does_nothing"; echo n; done
"""


def progress_of_three_checks(test, said, pid):
    """How often each was said during each, and the seconds."""
    start, progress = start_ticks(pid), []
    for _ in range(3):
        before, began = Counter(said), time.monotonic()
        verdict, answer = ask_for_leaks(test.workspace, pid, start)
        took = time.monotonic() - began
        progress.append((*(said[word] - before[word] for word in (b"n", b"a")), round(took, 2)))
        test.assertEqual(verdict, DONE, answer)
        Path(answer).unlink()
    return progress


class Listener(threading.Thread):
    """Counts the lines of a pipe until its end."""

    def __init__(self, pipe):
        super().__init__()
        self.pipe, self.said = pipe, Counter()
        self.start()

    def run(self):
        for line in self.pipe:
            self.said[line.strip()] += 1

    def waits_for(self, *words):
        """Three times each."""
        before = self.said.copy()
        return wait_until(lambda: all(self.said[word] >= before[word] + 3 for word in words), TIMEOUT_S)


class BesideChecksTest(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.session = self.workspace.out / "session.mw"
        (self.workspace.out / FLAG).touch()
        (self.workspace.out / "heap").touch()
        command = [configuration.memwatch, "run", "--quiet", "--leak-check", "none", "-o", self.session, "--"]
        self.process = subprocess.Popen(
            [str(part) for part in [*command, "/bin/sh", "-c", TREE, configuration.hosts]],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.workspace.environment(), cwd=self.workspace.out, start_new_session=True,
        )  # fmt: skip
        self.listener = Listener(self.process.stdout)

    def tearDown(self):
        rest = [pid for pid, _ in self.workspace.processes()]
        os.killpg(self.process.pid, signal.SIGKILL)
        self.listener.join()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()
        wait_until(lambda: all(is_gone(pid) for pid in rest))
        for pid in rest:
            remove_segments_of(pid)
        super().tearDown()

    def test_new_processes_are_welcomed_and_busy_ones_go_on(self):
        self.assertTrue(self.listener.waits_for(b"n", b"a"), self.listener.said)
        (heap,) = [pid for pid, name in self.workspace.processes() if HEAP.startswith(name)]
        progress = progress_of_three_checks(self, self.listener.said, heap)
        (self.workspace.out / FLAG).unlink()
        self.assertTrue(wait_until(lambda: self.process.poll() is not None, TIMEOUT_S))
        # One can have been on its way; who waits for the check gets no further.
        for new, more, _ in progress:
            self.assertGreater(new, 2, progress)
            self.assertGreater(more, 2, progress)
        report = self.memwatch("report", self.session, "--format", "json", "-o", "report.json")
        self.assertEqual(report.status, 0, report.stderr)
        processes = Report(self.workspace.out / "report.json").processes
        self.assertEqual(sum(process.losses["children_unrecorded"] for process in processes), 0)
        ended = [process for process in processes if process.exit["kind"] == "exited"]
        self.assertGreater(len(ended), 3 * 3)
        for process in ended:
            self.assertTrue(process.losses["exact"], (process.data["exe"], process.losses, process.data["notes"]))


class BesideChecksOfTheDaemonTest(DaemonTest):
    def start_copy(self, program, name, *arguments):
        copy = self.workspace.out / name
        shutil.copy2(program, copy)
        environment = self.workspace.environment(LD_PRELOAD=configuration.preload)
        return RunningProgram(self, [copy, *arguments], environment)

    def test_children_of_other_processes_are_welcomed(self):
        self.watching("exact")
        self.start()
        heap = self.start_copy(configuration.hosts / HEAP, self.tag + "a", str(MEBIBYTES))
        self.assertEqual(heap.line(), "ready")
        # Its children introduce themselves to the daemon, and wait for its answer.
        shell = self.start_copy("/bin/sh", self.tag + "b", "-c", "while :; do (:); echo n; done")
        for program in (heap, shell):
            self.wait_for(program.pid)
        listener = Listener(shell.process.stdout)
        self.addCleanup(listener.join)
        self.addCleanup(shell.process.kill)
        self.assertTrue(listener.waits_for(b"n"), listener.said)
        for new, _, _ in (progress := progress_of_three_checks(self, listener.said, heap.pid)):
            self.assertGreater(new, 2, progress)
