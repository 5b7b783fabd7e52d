"""memwatch-totals, the collector of macOS: its sums are those of memwatch itself."""

import re
import subprocess

from harness.case import TIMEOUT_S, IntegrationTest
from harness.configuration import configuration

PROGRAM = configuration.memwatch.parent / "memwatch-totals"


def parse(text):
    """A dictionary for each process, in the order in which they came."""
    processes = []
    for line in text.splitlines():
        if head := re.fullmatch(r"process (\d+) (.*)", line):
            processes.append({"pid": int(head[1]), "exe": head[2], "exact": False})
        elif line == "  exact: nothing was lost":
            processes[-1]["exact"] = True
        elif sum_ := re.fullmatch(r"  (\S.*?) +(\d+)", line):
            processes[-1][sum_[1]] = int(sum_[2])
    return processes


class TotalsTest(IntegrationTest):
    def compare(self, name, *arguments):
        report = self.trace(self.host(name, *arguments)).report
        run = self.run_command([PROGRAM, "--", *self.host(name, *arguments)])
        found = parse(run.stderr)
        expected = sorted(report.processes, key=lambda process: process.data["start"])
        self.assertEqual(len(found), len(expected), run.stderr)
        for process, recorded in zip(found, expected):
            self.assertTrue(process["exact"], run.stderr)
            self.assertEqual(process["exe"], str(configuration.hosts / name))
            for key in ("allocations", "frees", "reallocations", "allocated_bytes", "failed"):
                self.assertEqual(process[key.replace("_", " ")], recorded.totals[key], key)
            for key in ("live_blocks", "live_bytes"):
                self.assertEqual(process[key.replace("_", " ")], recorded.heap[key], key)
            for function, sums in recorded.functions.items():
                self.assertEqual(process.get(function, 0), sums["calls"], function)
            self.assertGreater(process["resident bytes"], 0)
        self.assertRegex(run.stderr, r"\nmodules in stacks: (\d+), with a build id: \1\n$")
        return run

    def test_one_process_with_two_threads(self):
        self.assertEqual(self.compare("temporary_blocks").status, 0)

    def test_functions_of_every_kind(self):
        self.compare("mapping_arithmetic")

    def test_parent_and_child(self):
        self.compare("forks_and_both_allocate")

    def test_status_and_output_are_the_programs(self):
        native = self.run_command(self.host("exits_in_a_way", "exit"))
        run = self.run_command([PROGRAM, "--", *self.host("exits_in_a_way", "exit")])
        self.assertEqual((run.status, run.stdout), (native.status, native.stdout))
        killed = self.run_command([PROGRAM, "--", *self.host("exits_in_a_way", "kill")])
        self.assertEqual(killed.status, 137)

    def test_a_process_that_runs_already(self):
        process = subprocess.Popen(
            [str(part) for part in self.host("keeps_free_memory")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.workspace.environment(LD_PRELOAD=configuration.preload),
            cwd=self.workspace.out,
        )
        self.addCleanup(process.communicate)
        pid = int(process.stdout.readline())
        run = self.run_command([PROGRAM, pid, 1])
        self.assertEqual(run.status, 0, run.stderr)
        (found,) = parse(run.stdout.decode())
        self.assertEqual(found["pid"], pid)
        self.assertGreater(found["malloc"], 0)
        self.assertEqual(found["allocated bytes"], 100 * found["malloc"])
        again = self.run_command([PROGRAM, pid, 1])  # it was let go
        self.assertEqual(again.status, 0, again.stderr)
        process.communicate(timeout=TIMEOUT_S)
        self.assertEqual(process.returncode, 0)

    def test_what_cannot_be_recorded_is_told(self):
        absent = self.run_command([PROGRAM, 1, 1])
        self.assertEqual((absent.status, absent.stdout), (1, b""))
        self.assertIn("process 1: it does not carry the library", absent.stderr)
        missing = self.run_command([PROGRAM, "--", "/nowhere/at/all"])
        self.assertEqual(missing.status, 1)
        self.assertIn("start the program: /nowhere/at/all: No such file or directory", missing.stderr)
        for wrong in ([], ["x"], ["0"], ["--"], ["1", "2", "3"]):
            self.assertEqual(self.run_command([PROGRAM, *wrong]).status, 2, wrong)
