#!/usr/bin/env python3
"""Programs of another C library or another processor, recorded by the native collector.

usage: run_port.py --port musl|aarch64 --memwatch FILE --shim FILE [TEST…]

scripts/build-ports builds what this looks for in build/ports/PORT.
"""

import argparse
import os
import re
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
QEMU = "/usr/bin/qemu-aarch64"
EMULATED_ROOT = "/usr/aarch64-linux-gnu"

parser = argparse.ArgumentParser(description="integration tests of memwatch's ports")
parser.add_argument("--port", choices=("musl", "aarch64"), required=True)
parser.add_argument("--memwatch", type=Path, required=True)
parser.add_argument("--shim", type=Path, required=True)
parser.add_argument("tests", nargs="*")
OPTIONS = parser.parse_args()

PORT = ROOT / "build/ports" / OPTIONS.port
EMULATED = OPTIONS.port == "aarch64"
os.environ["MEMWATCH_BINARY"] = str(OPTIONS.memwatch.resolve())
os.environ["MEMWATCH_PRELOAD_LIBRARY"] = str(OPTIONS.shim.resolve())
os.environ["MEMWATCH_HOSTS"] = str(PORT / "hosts")
os.environ["MEMWATCH_ORACLE"] = str(PORT / "liboracle.so")
sys.path.insert(0, str(ROOT / "tests/integration"))

from emulated_hazards import emulated_rows  # noqa: E402
from harness import checks, skips  # noqa: E402
from harness.case import IntegrationTest  # noqa: E402
from harness.configuration import configuration  # noqa: E402
from harness.oracle import differences, run_under_oracle  # noqa: E402
from test_hazards import Row  # noqa: E402

# Rows as in test_hazards.py, which says what the exact recording is compared with.
BOTH = [
    ("valloc_in_key_destructor", (), "totals"),
    *(("exits_in_a_way", (way,), "oracle") for way in ("return", "exit", "_exit", "_Exit", "quick_exit", "abort", "kill")),
    ("exits_in_a_way", ("exit_in_thread",), "totals"),
    ("allocates_in_signal_handler", (), "oracle"),
    ("recovers_from_faults", (), "oracle"),
    ("forks_and_both_allocate", (), "oracle"),
    ("loads_and_unloads_libraries", (PORT / "hosts/libleaking_first.so", PORT / "hosts/libleaking_second.so"), "oracle"),
    ("short_lived_threads", (2000,), "totals"),
    ("reuses_thread_ids", (), "totals"),
    ("frees_in_another_thread", (), "totals"),
    ("mapping_arithmetic", (), "oracle"),
    ("keeps_errno", (), "oracle"),
    ("temporary_blocks", (), "oracle"),
    ("exits_with_threads_running", (), "sums"),
    ("forks_while_threads_allocate", (), "sums"),
]
ROWS = {
    "musl": BOTH
    + [
        ("owns_every_signal", (), "oracle"),
        ("vfork_child_allocates", (), "oracle"),
        ("short_lived_threads", (20_000,), "totals"),
        ("recurses_deeply", (100_000,), "oracle"),
        ("many_threads", (500,), "totals"),
        ("handler_allocates_while_allocating", (300,), "truth"),
        ("handler_allocates_while_allocating", (300, "altstack"), "truth"),
        ("closes_all_descriptors", (), "sums"),
        ("dups_over_descriptors", (), "sums"),
        ("forks_short_children", (50,), "sums"),
        ("becomes_a_daemon", (), "sums"),
        ("starts_a_child", ("system", "/bin/true"), "sums"),
        ("limits_its_addresses", ("as",), "root"),
        ("limits_its_addresses", ("data", "syscall"), "root"),
    ],
    # Not for musl: tiny_thread_stacks, whose 2 KB there are too little for it natively. qemu's limits on
    # addresses hold nobody back, so what is tested of them is that memwatch gives way.
    "aarch64": BOTH
    + [
        ("limits_its_addresses", ("as",), "sums"),
        ("limits_its_addresses", ("as", "syscall"), "sums"),
        ("starts_a_child", ("system", "/bin/true"), "sums"),
        ("failed_new", (), "oracle"),
        ("new_handler_gives_up", (), "oracle"),
        ("does_nothing_cxx", (), "oracle"),
        ("cxx_containers", (), "oracle"),
    ],
}


def rows():
    named = [Row(host, arguments, exact) for host, arguments, exact in ROWS[OPTIONS.port]]
    known = {(row.host, row.arguments) for row in named}
    return named + [row for row in emulated_rows() if EMULATED and (row.host, row.arguments) not in known]


def natively(command, *options):
    return [QEMU, "-L", EMULATED_ROOT, *options, *command] if EMULATED else command


def traced(command):
    return [PORT / "emulate", QEMU, configuration.preload, *command] if EMULATED else command


class PortTest(IntegrationTest):
    def run_command(self, command, stdin=b"", **more):
        if EMULATED:
            more["QEMU_LD_PREFIX"] = EMULATED_ROOT
        return super().run_command(command, stdin, **more)

    def trace_only(self, command, options=(), stdin=b"", **more):
        return super().trace_only(traced(command), options, stdin, **more)

    def programs(self, report):
        """Under an emulator the first record is of what started it."""
        found = [process for process in report.processes if "emulate" not in process.data["exe"]]
        self.assertTrue(found, "the program ran without being recorded")
        return found

    def program(self, report):
        return self.programs(report)[0]

    def built(self, row):
        command = self.host(row.host, *row.arguments)
        if not command[0].exists():
            errors = Path(f"{command[0]}.errors")
            self.fail(f"{row.host} is not built: {errors.read_text() if errors.exists() else 'there is no such host'}")
        return command

    def row(self, row):
        command = self.built(row)
        native = self.run_command(natively(command))
        self.assertNotIn(native.status, (90, 91), f"natively: {native.stderr}")
        run = self.trace_only(command)
        self.assertEqual((run.status, run.stdout), (native.status, native.stdout), run.stderr)
        if row.exact != "runs":
            self.exactly(row, command, run)
        for options in (["--mode", "sample", "--sample-interval", "512"], ["--mode", "idle"]):
            other = self.trace_only(command, options)
            self.assertEqual((other.status, other.stdout), (native.status, native.stdout), f"{options}: {other.stderr}")

    def exactly(self, row, command, run):
        program = self.program(run.report)
        if row.exact == "after":
            return self.assert_all_after(program)
        for process in [program] if row.exact == "root" else run.report.processes:
            (self.assert_exact_or_told if row.may_say_so else self.assert_exact)(process)
        self.assert_no_complaints(checks.check_frames(run.report), "frames")
        if row.exact in ("oracle", "totals"):
            counters = run_under_oracle(self.workspace, natively(command))
            self.assert_no_complaints(differences(counters, program, row.exact == "oracle"), "oracle")
        if row.exact == "truth":
            self.assert_truth(program, run.stderr)
        programs = self.programs(run.report)
        if row.processes:
            self.assertEqual(len(programs), row.processes)
        if row.child_live >= 0:
            live = {process.heap["live_bytes"] for process in programs if process is not program}
            self.assertEqual(live, {row.child_live})

    def assert_all_after(self, program):
        self.assertEqual(program.losses["dropped_allocations"] + program.losses["dropped_frees"], 0)
        # By its sum: the functions of an emulated program have no names.
        self.assertIn(72_000, [site["live_bytes"] for site in program.sites])
        self.assert_no_complaints(checks.check_sums(program), "sums")

    def assert_truth(self, program, stderr):
        (line,) = re.findall(r"^truth (.*)$", stderr, re.MULTILINE)
        expected = {name: int(value) for name, value in (pair.split("=") for pair in line.split())}
        got = {name: program.totals.get(name, program.heap.get(name)) for name in expected}
        self.assertEqual(got, expected)

    def test_counts(self):
        for row in rows():
            with self.subTest(row=str(row)):
                self.row(row)
        self.memwatch("list")  # sweeps the segments of programs that were killed

    def stacks(self, run, program):
        collapsed = self.memwatch("report", run.session, "--format", "collapsed", "--cost", "allocations")
        return dict(line.rsplit(" ", 1) for line in collapsed.stdout.decode().splitlines())

    def test_frames_in_their_order(self):
        run = self.trace_only(self.host("shows_known_frames"))
        self.assertEqual(run.stdout, b"done\n", run.stderr)
        stacks = self.stacks(run, self.program(run.report))

        def count(pattern):
            return sum(int(number) for stack, number in stacks.items() if re.search(pattern, stack))

        self.assertEqual(count(r"[^;]+;[^;]+;port_outer;port_middle;port_inner$"), 150, stacks)
        self.assertEqual(count(r"[^;]+;[^;]+;port_outer;port_wide;port_inner$"), 2, stacks)
        # Between the handler and what it interrupted is the code that handlers return to.
        self.assertEqual(count(r"[^;]+;[^;]+;port_outer;port_spin;(?:[^;]+;)?port_on_alarm$"), 1, stacks)
        self.assertEqual(count(r"^\[truncated\].*port_"), 0, stacks)
        self.assertEqual(self.program(run.report).losses["truncated_stacks"], 0, stacks)

    def test_without_a_collector_nothing_changes(self):
        for host in ("forks_and_both_allocate", "reuses_thread_ids", "keeps_errno"):
            command = self.host(host)
            native = self.run_command(natively(command))
            if EMULATED:
                alone = self.run_command(natively(command, "-E", f"LD_PRELOAD={configuration.preload}"))
            else:
                alone = self.run_command(command, LD_PRELOAD=configuration.preload)
            self.assertEqual((alone.status, alone.stdout), (native.status, native.stdout), alone.stderr)


@unittest.skipIf(EMULATED, "one kernel starts programs of one processor")
class MixedTreeTest(IntegrationTest):
    """Programs of both C libraries in one tree, each with the same library preloaded."""

    def test_a_shell_starts_a_program_of_musl(self):
        run = self.trace_only(["/bin/sh", "-c", f"{PORT}/hosts/temporary_blocks; /bin/true; exit 3"])
        self.assertEqual(run.status, 3, run.stderr)
        names = {Path(process.data["exe"]).name for process in run.report.processes}
        self.assertIn("temporary_blocks", names)
        for process in run.report.processes:
            self.assert_exact(process)

    def test_a_library_for_the_other_is_refused(self):
        run = self.memwatch("run", "--allocator", "mimalloc", "--", PORT / "hosts/does_nothing")
        self.assertNotEqual(run.status, 0)
        self.assertIn("it is a program of musl", run.stderr)
        self.assertEqual(len(run.stderr.strip().splitlines()), 1, run.stderr)

    def test_nothing_is_said_about_the_library(self):
        run = self.run_command(
            ["/bin/sh", "-c", f"{PORT}/hosts/does_nothing; /bin/true"], LD_PRELOAD=configuration.preload
        )
        self.assertEqual((run.status, run.stderr), (0, ""))


if __name__ == "__main__":
    runner = unittest.TextTestRunner(verbosity=2, resultclass=skips.Result)
    unittest.main(argv=[sys.argv[0], *OPTIONS.tests], testRunner=runner)
