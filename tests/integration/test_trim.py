"""memwatch trim: a process gives its free memory back when asked, and is none the worse for it."""

import re
import subprocess

from harness.case import TIMEOUT_S, IntegrationTest
from harness.configuration import configuration
from harness.report import Report

KEPT = 65536 * 1000  # bytes the host frees and the allocator keeps


class TrimTest(IntegrationTest):
    def start(self, command, **environment):
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.workspace.environment(**environment),
            cwd=self.workspace.out,
        )
        self.addCleanup(process.communicate)
        return process, int(process.stdout.readline())

    def trimmed(self, *options):
        """What `trim` prints of a traced host, the host's resident bytes before and after, and its report."""
        json_file = self.workspace.out / "trim.json"
        run = [configuration.memwatch, "run", "--quiet", *options, "--json", json_file, "-o", self.workspace.out / "t.mw"]
        process, pid = self.start([*run, "--", *self.host("keeps_free_memory")])
        before = resident(pid)
        trim = self.memwatch("trim", pid)
        after = resident(pid)
        _, errors = process.communicate(timeout=TIMEOUT_S)
        self.assertEqual((process.returncode, errors), (0, b""))
        self.assertEqual(trim.status, 0, trim.stderr)
        self.assertRegex(trim.stdout.decode(), rf"^{pid} .+: RSS .* before, .* after, .* given back\n$")
        return before, after, Report(json_file).root

    def test_free_memory_of_libc_goes_back(self):
        before, after, root = self.trimmed()
        self.assertGreater(before - after, KEPT // 2)
        self.assertTrue(root.losses["exact"])
        self.assertEqual(root.heap["live_bytes"], 0)

    def test_a_sampled_process_is_asked_too(self):
        before, after, _ = self.trimmed("--mode", "sample", "--sample-interval", "1KiB")
        self.assertGreater(before - after, KEPT // 2)

    def test_mimalloc_collects(self):
        # What it keeps depends on how long ago it was freed; that it was asked is told by the answer.
        before, after, root = self.trimmed("--allocator", "mimalloc")
        self.assertLessEqual(after, before)
        self.assertTrue(root.losses["exact"])

    def test_an_idle_process_is_told_apart(self):
        process, pid = self.start(self.host("keeps_free_memory"), LD_PRELOAD=configuration.preload)
        trim = self.memwatch("trim", "--wait", "200ms", pid)
        self.assertEqual((trim.status, trim.stdout), (1, b""))
        self.assertIn(f"process {pid}: it runs idle", trim.stderr)

    def test_a_process_without_a_ring(self):
        trim = self.memwatch("trim", 1)
        self.assertEqual((trim.status, trim.stdout), (2, b""))
        self.assertIn("process 1: it does not carry a ring", trim.stderr)


def resident(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * 4096
