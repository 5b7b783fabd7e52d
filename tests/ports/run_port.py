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

from harness import checks, skips  # noqa: E402
from harness.case import IntegrationTest  # noqa: E402
from harness.configuration import configuration  # noqa: E402
from harness.oracle import differences, run_under_oracle  # noqa: E402

# What the exact recording is compared with: the counting interposer to the byte ("oracle"), without its
# peaks where several threads make the order vary ("totals"), or what the program tells ("truth"); and
# where that differs from run to run, the sums of the recording with each other ("sums"), of the first process
# alone where a child may have no room to be recorded ("root").
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
    # Not here: what qemu-user does otherwise than Linux (it keeps signals for itself, and makes a vfork a
    # fork); not for musl: tiny_thread_stacks, whose 2 KB there are too little for it natively.
    # Its limits on addresses hold nobody back, so what is tested of them is that memwatch gives way.
    "aarch64": BOTH
    + [
        ("tiny_thread_stacks", (), "totals"),
        ("zero_sizes", (), "oracle"),
        ("every_c_entry_point", (), "oracle"),
        ("failed_c_calls", (), "oracle"),
        ("limits_its_addresses", ("as",), "sums"),
        ("limits_its_addresses", ("as", "syscall"), "sums"),
    ],
}

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

    def program(self, report):
        """Under an emulator the first record is of what started it."""
        return [process for process in report.processes if "emulate" not in process.data["exe"]][0]

    def row(self, host, arguments, exact):
        command = self.host(host, *arguments)
        self.assertTrue(command[0].exists(), f"{host} is not built")
        native = self.run_command(natively(command))
        self.assertNotIn(native.status, (90, 91), f"natively: {native.stderr}")
        run = self.trace_only(command)
        self.assertEqual((run.status, run.stdout), (native.status, native.stdout), run.stderr)
        for process in run.report.processes[:1] if exact == "root" else run.report.processes:
            self.assert_exact(process)
        self.assert_no_complaints(checks.check_frames(run.report), "frames")
        program = self.program(run.report)
        if exact in ("oracle", "totals"):
            counters = run_under_oracle(self.workspace, natively(command))
            self.assert_no_complaints(differences(counters, program, exact == "oracle"), "oracle")
        if exact == "truth":
            (line,) = re.findall(r"^truth (.*)$", run.stderr, re.MULTILINE)
            expected = {name: int(value) for name, value in (pair.split("=") for pair in line.split())}
            got = {name: program.totals.get(name, program.heap.get(name)) for name in expected}
            self.assertEqual(got, expected)
        for options in (["--mode", "sample", "--sample-interval", "512"], ["--mode", "idle"]):
            other = self.trace_only(command, options)
            self.assertEqual((other.status, other.stdout), (native.status, native.stdout), f"{options}: {other.stderr}")

    def test_counts(self):
        for host, arguments, exact in ROWS[OPTIONS.port]:
            with self.subTest(host=host, arguments=arguments):
                self.row(host, arguments, exact)
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
