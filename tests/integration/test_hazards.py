"""Hazards of living in somebody else's process, one host program each, as a table: natively, in exact, sample and
idle mode, and with the library loaded but nobody there to record, the program must print the same and end the same; in
exact mode every call must have been counted.

`exact` says what the exact recording is compared with:
  oracle   the counting interposer, to the byte, peaks included (one thread: the order of events is fixed)
  totals   the same without the peaks (several threads)
  truth    the figures that the program itself tells on stderr
  sums     every process without loss, and all sums agree
  after    what the root allocates in the end, by a function named after_…, is all there: 72 000 bytes
  root     the same as sums of the root process alone: what it starts is no process of its own
  children as sums; but whoever lost something, or forked a child that has no record, may say so instead: by a note, and
           by not being exact
  runs     nothing beyond output and status; the row's reason says why
"""

import os
import re
import unittest
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from harness import checks
from harness.case import IntegrationTest
from harness.configuration import configuration
from harness.oracle import differences, run_under_oracle

MODES = (["--mode", "sample", "--sample-interval", "512"], ["--mode", "idle"])


@dataclass(frozen=True)
class Row:
    host: str
    arguments: tuple = ()
    exact: str = "oracle"
    processes: int = 0  # records there must be; 0: not looked at
    child_live: int = -1  # bytes alive at the end of each record but the root's
    forks: int = 0  # children that have a record, or are told of
    child_blocks: int = 0  # allocations of the one that has a record or is told of as unrecorded
    unrecorded: str = ""  # what is said of children that must be out of reach
    as_root: bool = False  # only then are they, otherwise all are recorded
    reason: str = ""

    @property
    def may_say_so(self):
        """May a record say that it is not exact, in place of being so?"""
        return bool(self.unrecorded) or self.exact == "children"

    def __str__(self):
        return " ".join([self.host, *map(str, self.arguments)])


def ways(host, exact, *names, **more):
    return [Row(host, (name,), exact, **more) for name in names]


def degraded_because(native):
    """Why the program could not do what it is about, in its own words; "" if it could."""
    said = re.search(r"^degraded: (.*)$", native.stderr, re.MULTILINE)
    return said[1] if said else ""


def gives_up(what, forks=1, **more):
    return Row("gives_something_up", (what,), "children", forks=forks, child_blocks=1000, **more)


HOSTS = configuration.hosts
UNFINISHED = "a realloc that was left behind may or may not have happened: then the recording is not exact and says so"

BIRTH_AND_END = [
    Row("allocates_before_main"),
    Row("allocates_at_exit"),
    Row("library_lives_longer", exact="truth"),
    Row("thread_exit_destructors", exact="totals"),
    Row("valloc_in_key_destructor", exact="totals"),
    Row("looks_up_symbols"),
    Row("keeps_what_dlsym_allocates", exact="sums"),
    *ways("exits_in_a_way", "oracle", "return", "exit", "_exit", "_Exit", "quick_exit", "exit_group"),
    *ways("exits_in_a_way", "oracle", "abort", "segv", "trap", "term", "kill", "exit_in_handler", "_exit_in_handler"),
    *ways("exits_in_a_way", "totals", "exit_in_thread", "main_thread_ends"),
    Row("exits_with_threads_running", exact="sums"),
    Row("kills_itself_while_allocating", exact="sums"),
    Row("killed_while_reallocating", exact="truth"),
    Row("exits_during_a_vfork", exact="root"),
]

SIGNALS = [
    Row("allocates_in_signal_handler"),
    Row("handler_allocates_while_allocating", (500,), "truth"),
    Row("handler_allocates_while_allocating", (500, "altstack"), "truth"),
    Row("handler_at_every_instruction", (20,), "truth"),
    Row("handler_maps_while_allocating", exact="sums"),
    Row("handler_allocates_while_mapping", exact="sums"),
    Row("owns_every_signal"),
    Row("recovers_from_faults"),
    Row("jumps_out_of_handlers", (300,), "after", reason=UNFINISHED),
    Row("jumps_out_of_handlers", (100, "threaded"), "after", reason=UNFINISHED),
    Row("jumps_out_of_handlers", (300, "nested"), "sums"),
    Row("cancels_threads", exact="sums"),
]

PROCESSES = [
    Row("forks_and_both_allocate"),
    Row("forks_while_threads_allocate", exact="sums", processes=21, child_live=770),
    Row("forked_child_starts_threads", exact="sums", processes=11),
    Row("forks_short_children", (200,), "sums", processes=221, child_live=50),
    Row("vfork_child_allocates"),
    *ways("clones_in_odd_ways", "sums", "no_sharing", "files", "no_signal", processes=2, child_live=321),
    *ways("clones_in_odd_ways", "sums", "raw_fork", "raw_clone", "raw_clone3", processes=2, child_live=321),
    *ways("clones_in_odd_ways", "sums", "memory", "memory_and_wait", "memory_and_handlers", processes=1),
    *ways("clones_in_odd_ways", "sums", "namespace", processes=2, child_live=321),
    Row("becomes_a_daemon", exact="sums", processes=3),
    Row("execs_itself", (3,), "sums", processes=4),
]

LIMITS = [
    Row("looks_at_itself", exact="sums"),
    Row("closes_all_descriptors", exact="sums", processes=2),
    Row("dups_over_descriptors", exact="sums", processes=2, child_live=30),
    *ways("limits_itself", "sums", "nofile", processes=4),
    *ways("limits_itself", "children", "as", "data", forks=2, reason="a child may have no room to be recorded"),
    *ways("limits_itself", "sums", "fsize", "stack", "memlock", "sigpending", "core", processes=4),
    Row("limited_address_space", exact="sums"),
    *ways("limits_its_addresses", "children", "as", "data", forks=1, reason="a child may have no room to be recorded"),
    Row("limits_its_addresses", ("as", "syscall"), "children", forks=1, reason="the same"),
    Row("limits_its_addresses", ("nowhere",)),
    Row("tiny_thread_stacks", exact="totals"),
    Row("changes_root_and_user", (), "children", forks=1, child_blocks=100, unrecorded="another user", as_root=True),
    gives_up("user", unrecorded="another user", as_root=True),
    gives_up("orphan", forks=2, unrecorded="another user", as_root=True),
    gives_up("root", unrecorded="root directory", as_root=True),
    gives_up("nofile3", unrecorded="file descriptor"),
    *ways("gives_something_up", "sums", "nofile4", "user_later", processes=2, child_live=100_000),
    Row("non_dumpable", exact="sums", processes=3),
    Row("strict_seccomp", exact="truth"),
    Row("asks_about_seccomp"),
    Row("sandboxes_itself", exact="truth"),
    Row("sandboxes_itself", ("syscall",), "truth"),
    *ways("forks_in_a_sandbox", "truth", "filter", "announced", processes=1, unrecorded="seccomp filter"),
    Row("unshares_namespaces", exact="sums", processes=2, child_live=300),
]

CODE = [
    Row("loads_and_unloads_libraries", (HOSTS / "libleaking_first.so", HOSTS / "libleaking_second.so"), "oracle"),
    Row("loads_in_a_loop", (HOSTS / "libleaking_first.so", "leak_from_first", 200), "sums"),
    Row("loads_in_a_loop", (HOSTS / "libleaking_first.so", "leak_from_first", 50, "deepbind"), "sums"),
    Row("loads_by_runpath"),
    Row("throws_through_callers", exact="totals"),
    Row("coroutine_stack"),
    Row("cxx_coroutines", exact="totals"),
    Row("recurses_deeply", (100_000,)),
    Row("jit_code"),
    Row("assembly_without_cfi", exact="totals"),
    Row("short_lived_threads", (20_000,), "totals"),
    Row("many_threads", (1000,), "totals"),
    Row("reuses_thread_ids", exact="totals"),
]

ALLOCATORS = [
    Row("own_malloc", exact="runs", reason="its calls never leave the program"),
    Row("own_malloc_maps_under_lock", exact="runs", reason="the same"),
    Row("own_operator_new"),
    Row("another_allocator", exact="totals"),
    Row("another_allocator_jemalloc", exact="sums", processes=2),
    Row("another_allocator_tcmalloc", exact="sums", processes=2),
    Row("another_allocator_mimalloc", exact="sums", processes=2),
    Row("another_allocator_jemalloc_static", exact="runs", reason="its calls never leave the program"),
    Row("another_allocator_tcmalloc_static", exact="runs", reason="the same"),
    Row("another_allocator_mimalloc_static", exact="runs", reason="the same"),
    Row("tunes_malloc"),
    Row("malloc_hook_era"),
    Row("every_c_entry_point"),
    Row("every_cxx_entry_point"),
    Row("zero_sizes"),
    Row("failed_c_calls"),
    Row("failed_mappings"),
    Row("mapping_arithmetic"),
    Row("moves_the_break"),
    Row("huge_pages"),
    Row("keeps_errno", processes=2),
    Row("keeps_errno", ("unrecorded",), "children", forks=2),  # one can have no descriptor, one is in a sandbox
    Row("new_keeps_errno"),
]


class HazardsTest(IntegrationTest):
    def rows(self, rows):
        chosen = [row for row in rows if fnmatchcase(str(row), configuration.rows)]
        self.assertTrue(chosen, f"no row is called {configuration.rows}")
        for row in chosen:
            with self.subTest(row=str(row)):
                self.row(row)
        self.memwatch("list")  # sweeps the segments of programs that were killed

    def row(self, row):
        command = self.host(row.host, *row.arguments)
        if not command[0].exists():
            self.skipTest(f"{row.host} is not built: its allocator is not installed")
        native = self.run_command(command)
        self.assertNotIn(native.status, (90, 91), f"natively: {native.stderr}")
        self.exactly(row, command, native)
        for options in MODES:
            run = self.trace_only(command, options)
            self.same(native, run, options)
            self.assertEqual(run.report.root.data["mode"], options[1])
        preloaded = self.run_command(command, LD_PRELOAD=configuration.preload)
        self.same(native, preloaded, "preloaded, without a collector")
        if degraded := degraded_because(native):
            self.skipTest(degraded)

    def same(self, native, run, what):
        self.assertEqual((run.status, run.stdout), (native.status, native.stdout), f"{what}: {run.stderr}")

    def exactly(self, row, command, native):
        run = self.trace_only(command)
        self.same(native, run, "exact")
        report, root = run.report, run.report.root
        self.assertTrue(report.data["complete"])
        if row.exact == "runs":
            said = [note for process in report.processes for note in process.data["notes"] if note.startswith("It brings ")]
            self.assertEqual(len(said), len(report.processes), [process.data["notes"] for process in report.processes])
            return
        if row.exact == "after":
            self.assertEqual(root.losses["dropped_allocations"] + root.losses["dropped_frees"], 0)
            self.assertEqual(root.sum_through("after_", "live_bytes"), 72_000)
            return self.assert_no_complaints(checks.check_sums(root), "sums")
        for process in [root] if row.exact == "root" else report.processes:
            if row.may_say_so:
                self.assert_exact_or_told(process)
            else:
                self.assert_exact(process)
        self.assert_children(row, report, run)
        self.assert_no_complaints(checks.check_frames(report), "frames")
        if row.exact in ("oracle", "totals"):
            counters = run_under_oracle(self.workspace, command)
            self.assert_no_complaints(differences(counters, root, row.exact == "oracle"), "oracle")
        if row.exact == "truth":
            self.assert_truth(root, run.stderr)
        if row.processes and not degraded_because(native):
            self.assertEqual(len(report.processes), row.processes)
        if row.child_live >= 0:
            live = {process.heap["live_bytes"] for process in report.processes if process is not root}
            self.assertEqual(live, {row.child_live})

    def assert_children(self, row, report, run):
        children = {process.pid for process in report.processes} - {report.root.pid}
        unrecorded = sum(process.losses["children_unrecorded"] for process in report.processes)
        notes = [note for process in report.processes for note in process.data["notes"]]
        self.assertGreaterEqual(len(children) + unrecorded, row.forks)
        if row.unrecorded and (os.geteuid() == 0 or not row.as_root):
            self.assertGreater(unrecorded, 0)
            self.assertTrue(any(row.unrecorded in note for note in notes), notes)
            page = self.memwatch("report", run.session).stdout.decode()
            self.assertIn("NOT exact", page)
            self.assertNotIn("nothing lost", page)
        elif row.as_root:
            self.assertEqual(unrecorded, 0)
        if row.child_blocks:
            full = [process for process in report.processes if process.totals["allocations"] == row.child_blocks]
            self.assertEqual(len(full) + unrecorded, 1)

    def assert_truth(self, process, stderr):
        (line,) = re.findall(r"^truth (.*)$", stderr, re.MULTILINE)
        expected = {name: int(value) for name, value in (pair.split("=") for pair in line.split())}
        got = {name: process.totals.get(name, process.heap.get(name)) for name in expected}
        self.assertEqual(got, expected)

    def test_birth_and_end(self):
        self.rows(BIRTH_AND_END)

    def test_signals(self):
        self.rows(SIGNALS)

    def test_processes(self):
        self.rows(PROCESSES)

    def test_limits_and_sandboxes(self):
        self.rows(LIMITS)

    def test_code(self):
        self.rows(CODE)

    def test_allocators_and_calls(self):
        self.rows(ALLOCATORS)

    def test_a_stack_of_the_programs_own_making_is_walked(self):
        run = self.trace_only(self.host("coroutine_stack"))
        root = run.report.root
        behind = [site["live_bytes"] for site in root.sites if root.report.functions(site["stack"])[1:2] == ["coroutine"]]
        self.assertEqual(behind, [1000 * 24])  # the frame behind the one that allocates lies on that stack

    def test_stacks_of_coroutines_are_those_of_who_resumes_them(self):
        root = self.trace_only(self.host("cxx_coroutines")).report.root
        allocations = Counter()
        for site in root.sites_through("allocates"):
            depth = sum("resume_at_depth" in name for name in root.report.functions(site["stack"]))
            allocations[depth] += site["allocations"]
        # The frames of the coroutines themselves; main resumes at each depth once, its thread at the fourth.
        expected = {0: 50, **{depth: 50 for depth in range(1, 21)}}
        expected[4] += 50
        self.assertEqual(allocations, expected)

    def test_a_handler_on_a_stack_of_its_own_is_walked_to_main(self):
        root = self.trace_only(self.host("handler_allocates_while_allocating", 500, "altstack")).report.root
        sites = root.sites_through("on_alarm")
        self.assertEqual(sum(site["allocations"] for site in sites), 2 * 500)
        ends = [root.report.functions(site["stack"]) for site in sites]
        self.assertEqual([names for names in ends if "run_the_storm" not in names or "main" not in names], [])

    def test_a_handler_is_walked_to_main_from_whichever_instruction(self):
        root = self.trace_only(self.host("handler_at_every_instruction", 20)).report.root
        sites = root.sites_through("on_step")
        self.assertGreater(sum(site["allocations"] for site in sites), 10 * 20)
        ends = [root.report.functions(site["stack"]) for site in sites]
        # The program's own switch moves the stack pointer without telling.
        ends = [names for names in ends if "step" not in names]
        self.assertLessEqual({"malloc", "realloc", "free"}, {name for names in ends for name in names})
        self.assertEqual([names for names in ends if "run_in_steps" not in names or "main" not in names], [])

    def test_code_made_at_run_time_is_walked_by_its_frame_pointer(self):
        root = self.trace_only(self.host("jit_code")).report.root
        callers = [(root.report.functions(site["stack"])[1:3], site["allocations"]) for site in root.sites]
        self.assertEqual(sum(count for names, count in callers if names == ["run", "main"]), 5 * 256)

    def test_a_child_that_is_number_1_of_its_world_has_our_number(self):
        command = self.host("unshares_namespaces")
        native, run = self.run_command(command), self.trace_only(command)
        if degraded := degraded_because(native):
            self.skipTest(degraded)
        (child,) = [process for process in run.report.processes if process is not run.report.root]
        self.assertNotEqual(child.pid, 1)
        # What its parent is told of its end is told by that number.
        self.assertEqual((child.exit["kind"], child.exit["code"]), ("exited", 7))

    def test_huge_pages_of_the_machine(self):
        setting = Path("/proc/sys/vm/nr_hugepages")
        before = int(setting.read_text())
        try:
            setting.write_text(str(max(before, 2)))
        except OSError as error:
            self.skipTest(f"no huge pages can be had here: {error}")
        try:
            if int(setting.read_text()) < 2:
                self.skipTest("the kernel has no memory for huge pages now")
            self.row(Row("huge_pages", ("there",), exact="sums"))
            root = self.trace_only(self.host("huge_pages", "there")).report.root
            self.assertEqual(root.mapped["live_bytes"], 3 << 21)  # 2 MiB of huge pages, 2 of 3 pieces of the others
        finally:
            setting.write_text(str(before))

    def run_under_limit(self, kilobytes):
        command = ["/bin/sh", "-c", f"ulimit -v {kilobytes}; exec cat /proc/self/status"]
        native = self.run_command(command)
        run = self.trace_only(command)
        self.assertEqual((native.status, run.status), (0, 0), run.stderr)
        sizes = [int(re.search(rb"VmSize:\s*(\d+)", each.stdout)[1]) for each in (native, run)]
        return run, sizes[1] - sizes[0]

    def test_a_limit_on_addresses_that_leaves_no_room_is_told_and_none_is_taken(self):
        run, taken = self.run_under_limit(20_000)
        self.assertLess(taken, 4096, "KiB of addresses")
        self.assertIn("RLIMIT_AS", run.stderr)

    def test_under_a_limit_on_addresses_little_is_taken(self):
        run, taken = self.run_under_limit(60_000)
        self.assertLess(taken, 25_000, "KiB of addresses")
        self.assertGreater(taken, 10_000, "recorded")
        for process in run.report.processes:
            self.assert_exact(process)

    def test_the_debugging_library_of_libc_still_debugs(self):
        # mtrace writes a line for each call, MALLOC_CHECK_ ends a program that frees twice.
        library = {"LD_PRELOAD": "libc_malloc_debug.so.0"}
        files = [self.workspace.out / name for name in ("native", "traced")]
        command = self.host("malloc_hook_era")
        native = self.run_command(command, MALLOC_TRACE=files[0], **library)
        if "cannot be preloaded" in native.stderr:
            self.skipTest("libc_malloc_debug is not installed")
        run = self.trace_only(command, MALLOC_TRACE=files[1], **library)
        self.same(native, run, "with mtrace")
        lines = [[line for line in path.read_text().splitlines() if line.startswith("@")] for path in files]
        self.assertGreater(len(lines[0]), 30)
        self.assertEqual(len(lines[1]), len(lines[0]))
        # What the hooks of the program call is theirs: each call is there once.
        self.assertIn(b"11 mallocs, 10 reallocs, 10 frees", run.stdout)
        self.assert_exact(run.report.root)
        self.assert_totals(run.report.root, reallocations=20)
        self.assertEqual(run.report.root.sum_through("count_calls", "live_bytes"), 30)


if __name__ == "__main__":
    unittest.main()
