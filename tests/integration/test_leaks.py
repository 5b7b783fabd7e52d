"""Leak checks at exit: every shape a block can be left in, its kind, and what other tools say of it."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from harness.another_user import AnotherUser
from harness.case import IntegrationTest
from harness.configuration import configuration

# Of tests/hosts/leak_shapes.c, by size.
DEFINITE = {1001: 1, 2001: 1, 3001: 1, 3101: 1, 5008: 1, 7101: 1, 9001: 1}
INDIRECT = {2002: 2001, 2003: 2001, 3001: 3001, 3102: 3101, 3103: 3101}
POSSIBLE = {4001, 4002}
REACHABLE = {6001, 6002, 8001}
OF_THE_THREAD = {7001, 7002, 7003}


def leaks_of(process):
    return process.data["leaks"]


def wait_for(condition, what):
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.02)


def wait_for_state(pid, state):
    def is_there():
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == state

    wait_for(is_there, f"process {pid} in state {state}")


def remove_cgroup(group):
    def is_gone():  # for a moment it counts those that have just ended
        try:
            group.rmdir()
        except OSError:
            return False
        return True

    wait_for(is_gone, f"the end of {group}")


def sizes(leaks, kind):
    return sorted(record["bytes"] for record in leaks["records"] if record["kind"] == kind)


class LeaksTest(IntegrationTest):
    def assert_sums(self, process):
        leaks = leaks_of(process)
        kinds = ("definite", "indirect", "possible", "reachable", "suppressed")
        self.assertEqual(sum(leaks[kind + "_bytes"] for kind in kinds), process.heap["live_bytes"])
        self.assertEqual(sum(leaks[kind + "_blocks"] for kind in kinds), process.heap["live_blocks"])
        for kind in kinds[:4]:
            records = [record for record in leaks["records"] if record["kind"] == kind]
            self.assertEqual(sum(record["bytes"] for record in records), leaks[kind + "_bytes"], kind)
            self.assertEqual(sum(record["blocks"] for record in records), leaks[kind + "_blocks"], kind)

    def assert_shapes(self, process, extra=()):
        leaks = leaks_of(process)
        self.assertEqual((leaks["method"], leaks["complete"], leaks["reason"]), ("reachability", True, ""))
        self.assertEqual(sizes(leaks, "definite"), sorted(DEFINITE))
        self.assertEqual(sizes(leaks, "indirect"), sorted(INDIRECT))
        self.assertEqual(sizes(leaks, "possible"), sorted(POSSIBLE))
        expected = REACHABLE | set(extra)
        # Beside the program's: what the loader keeps of a thread.
        self.assertLessEqual(expected, set(sizes(leaks, "reachable")))
        self.assertEqual(len(set(sizes(leaks, "reachable")) - expected), 1)
        self.assert_sums(process)

    def test_every_shape(self):
        self.assert_shapes(self.trace_root(self.host("leak_shapes")), OF_THE_THREAD)

    def test_every_shape_of_a_program_without_other_threads(self):
        self.assert_shapes(self.trace_root(self.host("leak_shapes", "alone")))

    def test_every_shape_at_an_exit_deep_in_the_program(self):
        run = self.trace(self.host("leak_shapes", "exit"))
        self.assertEqual(run.status, 3)
        self.assert_shapes(run.report.root, OF_THE_THREAD)

    def test_every_shape_at_exit_without_handlers(self):
        run = self.trace(self.host("leak_shapes", "_exit"))
        self.assertEqual(run.status, 4)
        self.assert_shapes(run.report.root, OF_THE_THREAD)

    def test_an_indirect_leak_names_its_owner(self):
        root = self.trace_root(self.host("leak_shapes", "alone"))
        for record in leaks_of(root)["records"]:
            if record["kind"] != "indirect":
                self.assertNotIn("owner", record)
                continue
            owners = [r for r in leaks_of(root)["records"] if r["stack"] == record["owner"] and r["kind"] == "definite"]
            self.assertEqual([owner["bytes"] for owner in owners], [INDIRECT[record["bytes"]]])

    def test_a_definite_leak_retains_what_it_owns(self):
        root = self.trace_root(self.host("leak_shapes", "alone"))
        retained = {}
        for record in leaks_of(root)["records"]:
            if record["kind"] == "definite":
                retained[record["bytes"]] = record["retained_bytes"]
            else:
                self.assertNotIn("retained_bytes", record)
        expected = {size: size for size in DEFINITE}
        expected.update({2001: 2001 + 2002 + 2003, 3001: 3001 + 3001, 3101: 3101 + 3102 + 3103})
        self.assertEqual(retained, expected)

    def test_known_layouts_are_no_leaks(self):
        root = self.trace_root(self.host("leak_layouts"))
        self.assertLessEqual({608, 736, 832, 908}, set(sizes(leaks_of(root), "reachable")))
        self.assertEqual(leaks_of(root)["possible_blocks"], 0)
        self.assertEqual(leaks_of(root)["definite_blocks"], 0)
        self.assert_sums(root)

    def test_what_main_left_on_its_stack_holds_nothing_once_it_has_returned(self):
        leaks = leaks_of(self.trace_root(self.host("held_by_main_alone")))
        definite, indirect = sizes(leaks, "definite"), sizes(leaks, "indirect")
        self.assertIn(7777, definite)
        definite.remove(7777)
        self.assertEqual(len(definite), 1, "a cycle has one head")
        self.assertEqual(definite, indirect)
        self.assertEqual(leaks["possible_blocks"], 0)

    def test_what_main_holds_at_an_exit_is_reachable(self):
        leaks = leaks_of(self.trace_root(self.host("held_by_main_alone", "exit")))
        self.assertIn(7777, sizes(leaks, "reachable"))
        self.assertEqual(sizes(leaks, "definite"), sizes(leaks, "indirect"))

    def by_valgrind(self, command, stdin=b""):
        """Bytes and blocks of each kind, by our names."""
        run = self.run_command(["valgrind", "--leak-check=full", "--leak-check-heuristics=all", *command], stdin)
        names = {"definitely lost": "definite", "indirectly lost": "indirect", "possibly lost": "possible"}
        return {
            names[name]: (int(size.replace(",", "")), int(blocks.replace(",", "")))
            for name, size, blocks in re.findall(
                r"(definitely lost|indirectly lost|possibly lost): ([\d,]+) bytes in ([\d,]+) blocks", run.stderr
            )
        }

    def by_us(self, command, stdin=b""):
        leaks = leaks_of(self.trace_root(command, stdin=stdin))
        return {kind: (leaks[kind + "_bytes"], leaks[kind + "_blocks"]) for kind in ("definite", "indirect", "possible")}

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    def test_valgrind_says_the_same(self):
        for name, arguments, stdin, definite in (
            ("leak_shapes", ["alone"], b"", (30214, 7)),
            ("held_by_main_alone", [], b"", None),  # and the head of the cycle, as large as the library makes it
            ("held_by_main_alone", ["exit"], b"", (0, 0)),
            ("leaks_on_demand", [], b"\n\n", (4500, 3)),
        ):
            command = self.host(name, *arguments)
            ours = self.by_us(command, stdin)
            self.assertEqual(ours, self.by_valgrind(command, stdin), (name, arguments))
            if definite:
                self.assertEqual(ours["definite"], definite, (name, arguments))

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    def test_valgrind_says_the_same_of_layouts_but_one(self):
        # It does not know the characters of a short std::string, which lie in the object itself.
        nothing = (0, 0)
        theirs = self.by_valgrind(self.host("leak_layouts"))
        self.assertEqual(theirs, {"definite": nothing, "indirect": nothing, "possible": (832, 1)})
        self.assertEqual(self.by_us(self.host("leak_layouts")), dict.fromkeys(theirs, nothing))

    @unittest.skipUnless((configuration.hosts / "leak_shapes_lsan").exists(), "no LeakSanitizer")
    def test_leak_sanitizer_says_the_same(self):
        # It has no "possible" (an interior pointer is as good as any), calls the heads of cycles
        # indirect, and does not look into mappings of the program's own, which hold one block: what
        # agrees is the sum of the rest.
        root = self.trace_root(self.host("leak_shapes", "alone"))
        sanitizer = self.run_command(self.host("leak_shapes_lsan", "alone"))
        if "LeakSanitizer has encountered a fatal error" in sanitizer.stderr:
            self.skipTest("LeakSanitizer may not stop threads here")
        said = re.search(r"SUMMARY: LeakSanitizer: (\d+) byte\(s\) leaked in (\d+) allocation", sanitizer.stderr)
        leaks = leaks_of(root)
        in_mapping = 8001
        self.assertEqual(int(said[1]), leaks["definite_bytes"] + leaks["indirect_bytes"] + in_mapping)
        self.assertEqual(int(said[2]), leaks["definite_blocks"] + leaks["indirect_blocks"] + 1)

    @unittest.skipUnless((configuration.hosts / "leak_layouts_lsan").exists(), "no LeakSanitizer")
    def test_leak_sanitizer_says_the_same_of_simple_programs(self):
        for name, stdin, ours in (("leak_layouts", b"", None), ("leaks_on_demand", b"\n\n", (4500, 3))):
            sanitizer = self.run_command(self.host(name + "_lsan"), stdin)
            if "LeakSanitizer has encountered a fatal error" in sanitizer.stderr:
                self.skipTest("LeakSanitizer may not stop threads here")
            said = re.search(r"SUMMARY: LeakSanitizer: (\d+) byte\(s\) leaked in (\d+) allocation", sanitizer.stderr)
            self.assertEqual((int(said[1]), int(said[2])) if said else None, ours, sanitizer.stderr)
        # It finds the remains of the cycle on the stack that main left; the block of main's variable is lost for it too.
        sanitizer = self.run_command(self.host("held_by_main_alone_lsan"))
        self.assertIn("Direct leak of 7777 byte(s) in 1 object(s)", sanitizer.stderr)

    def test_none_checks_nothing(self):
        run = self.trace(self.host("leak_shapes", "alone"), ["--leak-check", "none"])
        leaks = leaks_of(run.report.root)
        self.assertEqual(leaks["method"], "lifetime")
        self.assertEqual({record["kind"] for record in leaks["records"]}, {"unclassified"})
        self.assertIn("--leak-check none", leaks["reason"])

    def test_a_program_that_a_signal_ends_is_judged_by_lifetime(self):
        run = self.trace_only(self.host("kills_itself_while_allocating"), ["--leak-check", "full"])
        leaks = leaks_of(run.report.root)
        self.assertEqual(leaks["method"], "lifetime")
        self.assertIn("signal", leaks["reason"])
        self.assertIn("by lifetime only", run.stderr)

    def test_a_forked_child_is_judged_by_what_it_allocated_itself(self):
        run = self.trace(self.host("forks_and_both_allocate"))
        for process in run.report.processes:
            self.assertEqual(leaks_of(process)["method"], "reachability")
            self.assert_sums(process)

    def test_a_program_in_a_sandbox_is_left_alone(self):
        run = self.trace(self.host("sandboxes_itself"))
        self.assertEqual(leaks_of(run.report.root)["method"], "lifetime")

    def test_threads_that_a_debugger_has_run_on_and_what_they_hold_is_doubtful(self):
        # A thread has one tracer at most, so that memwatch is refused whatever user it is.
        run = self.trace([*self.host("traces_a_program"), *self.host("leak_shapes")], ["--leak-check", "full"])
        (program,) = [process for process in run.report.processes if process.data["exe"].endswith("/leak_shapes")]
        leaks = leaks_of(program)
        self.assertEqual((leaks["method"], leaks["complete"]), ("reachability", False))
        self.assertIn("its threads ran on while memory was read: the system does not allow stopping its threads", leaks["reason"])
        self.assertRegex(run.stderr, r"warning: leak check: process \d+ .*/leak_shapes: not with everything seen: its threads ran on")
        # All else is judged as ever; what the thread has in its storage, its stack and a register is not seen.
        self.assertLessEqual(set(DEFINITE), set(sizes(leaks, "definite")))
        self.assertLessEqual(set(sizes(leaks, "definite")), set(DEFINITE) | OF_THE_THREAD)
        self.assertEqual(sizes(leaks, "indirect"), sorted(INDIRECT))
        self.assertEqual(sizes(leaks, "possible"), sorted(POSSIBLE))
        self.assertLessEqual(REACHABLE, set(sizes(leaks, "reachable")))
        self.assert_sums(program)
        for view in ("leaks", "summary"):
            text = self.memwatch("report", run.session, "--view", view).stdout.decode()
            self.assertIn("Leaked, as far as could be seen", text)
            self.assertNotIn("for certain", text)

    def test_a_program_of_one_thread_needs_no_stop_and_is_judged_beside_a_debugger(self):
        run = self.trace([*self.host("traces_a_program"), *self.host("leak_shapes", "alone")])
        (program,) = [process for process in run.report.processes if process.data["exe"].endswith("/leak_shapes")]
        self.assert_shapes(program)

    def test_asking_what_seccomp_can_do_is_no_sandbox(self):
        # libseccomp does it in whatever is linked with it.
        run = self.trace(self.host("asks_about_seccomp"))
        leaks = leaks_of(run.report.root)
        self.assertEqual((leaks["method"], leaks["definite_bytes"]), ("reachability", 64 + 77))
        self.assertEqual(run.report.root.losses["truncated_stacks"], 0)

    def test_a_collector_that_hangs_does_not_hold_up_the_end(self):
        command = [configuration.memwatch, "run", "-q", "-o", self.workspace.out / "x.mw", "--"]
        command += ["/bin/sh", "-c", "read line; exit 5"]
        memwatch = subprocess.Popen(
            [str(part) for part in command],
            env=self.workspace.environment(),
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        children = f"/proc/{memwatch.pid}/task/{memwatch.pid}/children"
        deadline = time.monotonic() + 60
        child = ""
        while not child and time.monotonic() < deadline:
            with open(children) as file:
                child = file.read().strip()
        wait_for_state(child, "S")  # it reads
        os.kill(memwatch.pid, signal.SIGSTOP)
        memwatch.stdin.write(b"go\n")
        memwatch.stdin.close()
        wait_for_state(child, "Z")
        os.kill(memwatch.pid, signal.SIGCONT)
        self.assertEqual(memwatch.wait(), 5)

    def test_fail_on_leaks(self):
        options = ["--fail-on", "leaks", "--error-exitcode", "77"]
        self.assertEqual(self.trace_only(self.host("leak_shapes", "alone"), options).status, 77)
        self.assertEqual(self.trace_only(self.host("leak_layouts"), options).status, 0)
        self.assertEqual(self.trace_only(self.host("leak_shapes", "exit"), options).status, 3, "the program's own")

    def test_who_fails_on_leaks_is_told_where_they_could_not_be_judged(self):
        options = ["--fail-on", "leaks", "--error-exitcode", "77"]
        sandboxed = self.trace_only(self.host("sandboxes_itself"), options)
        self.assertEqual(sandboxed.status, 0)
        self.assertIn("/sandboxes_itself: by lifetime only: ", sandboxed.stderr)
        traced = [*self.host("traces_a_program"), *self.host("leak_shapes")]
        doubtful = self.trace_only(traced, options)
        self.assertEqual(doubtful.status, 77)
        self.assertIn("/leak_shapes: not with everything seen: its threads ran on", doubtful.stderr)
        for quiet in (["--fail-on", "failures", "--error-exitcode", "77"], []):
            self.assertNotIn("leak check", self.trace_only(traced, quiet).stderr)
        # The option takes one list; what follows is the command, also without "--".
        session = self.workspace.out / "bare.mw"
        bare = self.memwatch("run", "-q", "-o", session, "--error-exitcode", "77", "--fail-on", "leaks", *self.host("leak_shapes", "alone"))
        self.assertEqual(bare.status, 77, bare.stderr)

    def test_suppressions_that_the_program_brings_itself(self):
        run = self.trace(self.host("suppresses_its_leaks"))
        leaks = leaks_of(run.report.root)
        self.assertEqual((sizes(leaks, "definite"), sizes(leaks, "indirect")), ([1303], []))
        self.assertEqual((leaks["suppressed_bytes"], leaks["suppressed_blocks"]), (1201 + 1202, 2))
        self.assert_sums(run.report.root)
        text = self.memwatch("report", run.session, "--view", "leaks").stdout.decode()
        self.assertIn("leak:lose_known (built into suppresses_its_leaks)", text)
        self.assertNotIn("never_called", text)
        kept = leaks_of(self.trace_root(self.host("suppresses_its_leaks", "reachable")))
        self.assertEqual((sizes(kept, "definite"), kept["suppressed_bytes"]), ([1303], 0))
        self.assertLessEqual({1201, 1202}, set(sizes(kept, "reachable")))

    @unittest.skipUnless((configuration.hosts / "suppresses_its_leaks_lsan").exists(), "no LeakSanitizer")
    def test_leak_sanitizer_suppresses_the_same(self):
        sanitizer = self.run_command(self.host("suppresses_its_leaks_lsan"))
        if "LeakSanitizer has encountered a fatal error" in sanitizer.stderr:
            self.skipTest("LeakSanitizer may not stop threads here")
        said = re.search(r"SUMMARY: LeakSanitizer: (\d+) byte\(s\) leaked in (\d+) allocation", sanitizer.stderr)
        self.assertEqual((int(said[1]), int(said[2])), (1303, 1), sanitizer.stderr)

    def way_to(self, report, size):
        """The way to the block of this size: the root, and the sizes of the blocks on it."""
        for way in leaks_of(report.root)["holders"]:
            if way["path"][-1]["size"] == size:
                return way["root"], way
        self.fail(f"nothing leads to {size}")

    def test_who_holds_a_block(self):
        run = self.trace(self.host("leak_shapes"))
        program = str(configuration.hosts / "leak_shapes")
        root, way = self.way_to(run.report, 6002)
        self.assertEqual((root["kind"], root["module"], root["symbol"], root["symbol_offset"]), ("data", program, "g_held", 0))
        self.assertEqual([step["size"] for step in way["path"]], [6001, 6002])
        self.assertEqual([(step["pointer_at"], step["inside"]) for step in way["path"]], [(0, 0), (0, 0)])
        root, way = self.way_to(run.report, 4002)
        self.assertEqual((root["symbol"], way["kind"]), ("g_inside", "possible"))
        self.assertEqual([(step["size"], step["inside"]) for step in way["path"]], [(4001, 2000), (4002, 0)])
        self.assertEqual(self.way_to(run.report, 8001)[0]["kind"], "memory")
        self.assertEqual(self.way_to(run.report, 7001)[0]["kind"], "thread-local storage")
        self.assertEqual(self.way_to(run.report, 7002)[0]["kind"], "stack")
        self.assertEqual(self.way_to(run.report, 7003)[0]["kind"], "register")
        tids = {self.way_to(run.report, size)[0]["tid"] for size in (7001, 7002, 7003)}
        self.assertEqual(len(tids), 1)
        self.assertNotEqual(tids, {run.report.root.pid})

    def test_who_holds_is_told_of_a_recorded_session(self):
        run = self.trace(self.host("leak_shapes", "alone"))
        told = self.memwatch("report", run.session, "--who-holds", "hold_by_global")
        self.assertEqual((told.status, told.stderr), (0, ""))
        self.assertIn("variable g_held (leak_shapes)", told.stdout.decode())
        self.assertIn("6002 bytes at 0x", told.stdout.decode().replace(",", ""))
        address = self.way_to(run.report, 6002)[1]["path"][0]["address"]
        by_address = self.memwatch("report", run.session, "--who-holds", address).stdout.decode()
        self.assertIn("6001 bytes", by_address.replace(",", ""))
        self.assertNotIn("6002 bytes", by_address.replace(",", ""))
        nothing = self.memwatch("report", run.session, "--who-holds", "lose_one")
        self.assertIn("nothing", nothing.stdout.decode().lower())
        self.assertEqual(self.memwatch("report", run.session, "--who-holds", "(").status, 2)

    def suppress(self, text):
        file = self.workspace.out / "known.supp"
        file.write_text(text)
        return self.trace(self.host("leak_shapes", "alone"), ["--suppressions", file])

    def test_suppressions_in_the_syntax_of_leak_sanitizer(self):
        root = self.suppress("# known\nleak:lose_list\nleak:^lose_one$\n").report.root
        leaks = leaks_of(root)
        self.assertEqual(sizes(leaks, "definite"), sorted(set(DEFINITE) - {1001, 2001}))
        self.assertEqual((leaks["suppressed_bytes"], leaks["suppressed_blocks"]), (1001 + 2001 + 2002 + 2003, 4))
        self.assert_sums(root)

    def test_suppressions_in_the_syntax_of_valgrind(self):
        run = self.suppress(
            "{\n  the list\n  Memcheck:Leak\n  match-leak-kinds: definite\n  fun:calloc\n  fun:make\n"
            "  fun:lose_l?st\n}\n{\n  everything of main\n  Memcheck:Leak\n  match-leak-kinds: reachable\n  fun:make\n  ...\n"
            "  fun:main\n}\n{\n  something else\n  Memcheck:Addr4\n  fun:main\n}\n"
        )
        leaks = leaks_of(run.report.root)
        self.assertEqual(sizes(leaks, "definite"), sorted(set(DEFINITE) - {2001}))
        self.assertEqual(sizes(leaks, "indirect"), sorted(set(INDIRECT) - {2002, 2003}), "what it held is gone too")
        self.assertEqual(set(sizes(leaks, "reachable")) & REACHABLE, set())
        self.assert_sums(run.report.root)
        text = self.memwatch("report", run.session, "--view", "leaks").stdout.decode()
        reachable = [record for record in leaks["suppressed_by"] if record["suppression"] == "everything of main"]
        self.assertEqual([(record["blocks"], record["bytes"]) for record in reachable], [(3, 6001 + 6002 + 8001)])
        self.assertIn({"suppression": "the list", "blocks": 3, "bytes": 2001 + 2002 + 2003}, leaks["suppressed_by"])
        self.assert_suppressed_sum(leaks)
        self.assertIn("Suppressed: 25.4 KiB in 6 blocks.", text)
        self.assertRegex(text, r"(?m)^  5\.9 KiB in 3 blocks  the list$")
        self.assertRegex(text, r"(?m)^  19\.5 KiB in 3 blocks  everything of main$")

    def assert_suppressed_sum(self, leaks):
        for unit in ("bytes", "blocks"):
            self.assertEqual(sum(record[unit] for record in leaks["suppressed_by"]), leaks["suppressed_" + unit])

    def test_each_suppression_is_counted_by_itself(self):
        run = self.suppress("leak:lose_list\nleak:never_called\nleak:lose_one\nleak:lose_cycles\n")
        leaks = leaks_of(run.report.root)
        self.assertEqual(
            sorted((record["suppression"], record["blocks"], record["bytes"]) for record in leaks["suppressed_by"]),
            [
                ("leak:lose_cycles", 5, 2 * 3001 + 3101 + 3102 + 3103),
                ("leak:lose_list", 3, 2001 + 2002 + 2003),
                ("leak:lose_one", 1, 1001),
            ],
        )
        self.assert_suppressed_sum(leaks)
        text = self.memwatch("report", run.session, "--view", "leaks").stdout.decode()
        self.assertRegex(text, r"(?m)^  1001 B in 1 block  leak:lose_one$")
        self.assertNotIn("never_called", text)
        self.assertEqual(leaks_of(self.trace_root(self.host("leak_shapes", "alone")))["suppressed_by"], [])

    def test_a_mistake_in_suppressions_is_told_with_its_line_before_the_program_runs(self):
        file = self.workspace.out / "bad.supp"
        for text, line, expected in (
            ("leak:fine\nlaek:foo\n", 2, "leak:PATTERN"),
            ("{\n name\n Memcheck:Leak\n fun:main\n", 4, "}"),
            ("{\n name\n Memcheck:Leak\n main\n}\n", 4, "fun:"),
            ("{\n name\n Memcheck:Leak\n match-leak-kinds: sure\n fun:main\n}\n", 4, "definite"),
            ("{\n name\n Memcheck:Leak\n src:a.c:x\n}\n", 4, "src:FILE"),
        ):
            file.write_text(text)
            # Also without "--": the option takes the file, and the command is the command.
            dashes = ["--"] if line == 2 else []
            run = self.memwatch("run", "--suppressions", file, *dashes, *self.host("leak_shapes"))
            self.assertEqual(run.status, 125, text)
            self.assertIn(f"{file}:{line}: expected", run.stderr)
            self.assertIn(expected, run.stderr)

    def test_the_text_tells_leaks_before_what_is_none(self):
        run = self.trace(self.host("leak_shapes", "alone"))
        text = self.memwatch("report", run.session, "--view", "leaks").stdout.decode()
        places = [text.find(part) for part in ("Leaked for certain", "Possibly leaked", "Still reachable")]
        self.assertEqual(places, sorted(places))
        self.assertGreater(places[0], 0)
        cost = self.memwatch("report", run.session, "--format", "collapsed", "--cost", "leaked").stdout.decode()
        leaked = sum(int(line.rsplit(" ", 1)[1]) for line in cost.splitlines())
        leaks = leaks_of(run.report.root)
        self.assertEqual(leaked, sum(leaks[kind + "_bytes"] for kind in ("definite", "indirect", "possible")))


class LiveLeaksTest(IntegrationTest):
    """memwatch leaks PID: the process goes on."""

    def tearDown(self):
        for process in self.processes:
            process.stdin.close()
            process.wait()
        super().tearDown()

    def setUp(self):
        super().setUp()
        self.processes = []

    def start(self, command, **more):
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.workspace.environment(**more),
        )
        self.processes.append(process)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def check(self, pid, *options):
        run = self.memwatch("leaks", "--json", "-", *options, pid)
        if run.stdout:
            run.leaks = json.loads(run.stdout)["processes"][0]["leaks"]
        return run

    def test_a_recorded_process_is_judged_at_once_and_goes_on(self):
        session = self.workspace.out / "live.mw"
        memwatch = self.start([configuration.memwatch, "run", "-q", "-o", session, "--", *self.host("leaks_on_demand")])
        with open(f"/proc/{memwatch.pid}/task/{memwatch.pid}/children") as file:
            pid = file.read().strip()
        for rounds in (1, 2):
            run = self.check(pid)
            self.assertEqual(run.status, 1, run.stderr)
            self.assertEqual((run.leaks["method"], run.leaks["complete"]), ("reachability", True))
            self.assertEqual((run.leaks["definite_bytes"], run.leaks["definite_blocks"]), (1500 * rounds, rounds))
            self.assertEqual((run.leaks["reachable_bytes"], run.leaks["reachable_blocks"]), (700, 1))
            self.assertGreater(run.leaks["pause_ms"], 0)
            memwatch.stdin.write(b"\n")
            memwatch.stdin.flush()
            self.assertEqual(memwatch.stdout.readline(), b"ready\n")
        memwatch.stdin.close()
        self.assertEqual(memwatch.wait(), 0)

    def start_leaks_on_demand(self):
        """Its pid; it has lost 1500 bytes and holds 700."""
        session = self.workspace.out / "live.mw"
        return self.child_of(self.start([configuration.memwatch, "run", "-q", "-o", session, "--", *self.host("leaks_on_demand")]))

    def test_suppressions_before_and_after_the_pid(self):
        pid = self.start_leaks_on_demand()
        known, other = self.workspace.out / "known.supp", self.workspace.out / "other.supp"
        known.write_text("leak:^lose$\n")
        other.write_text("leak:never_called\n")
        for arguments in (
            ["--suppressions", known, pid],
            [f"--suppressions={known}", pid],
            [pid, "--suppressions", known],
            ["--suppressions", other, "--suppressions", known, pid],
            ["--suppressions", known, pid, "--suppressions", other],
        ):
            run = self.memwatch("leaks", "--json", "-", *arguments)
            self.assertEqual(run.status, 0, (arguments, run.stderr))
            leaks = json.loads(run.stdout)["processes"][0]["leaks"]
            self.assertEqual((leaks["definite_bytes"], leaks["suppressed_bytes"]), (0, 1500), arguments)
            self.assertEqual(leaks["suppressed_by"], [{"suppression": "leak:^lose$", "blocks": 1, "bytes": 1500}])
        self.assertEqual(self.memwatch("leaks", "--suppressions", other, pid).status, 1)

    def test_a_mistake_in_suppressions_is_told_with_its_line_and_nothing_judged(self):
        pid = self.start_leaks_on_demand()
        file = self.workspace.out / "bad.supp"
        file.write_text("leak:fine\nlaek:foo\n")
        run = self.memwatch("leaks", "--suppressions", file, pid)
        self.assertEqual((run.status, run.stdout), (3, b""), run.stderr)
        self.assertIn(f"{file}:2: expected", run.stderr)
        missing = self.workspace.out / "missing.supp"
        run = self.memwatch("leaks", "--suppressions", missing, pid)
        self.assertEqual(run.status, 3)
        self.assertIn(str(missing), run.stderr)

    def ask(self, memwatch):
        memwatch.stdin.write(b"\n")
        memwatch.stdin.flush()
        return dict(word.split("=") for word in memwatch.stdout.readline().decode().split())

    def child_of(self, memwatch):
        return self.child_of_pid(memwatch.pid)

    def child_of_pid(self, pid):
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return file.read().strip()

    def test_a_process_cannot_tell_that_it_is_checked(self):
        session = self.workspace.out / "live.mw"
        host = self.host("lives_through_checks", "40")
        memwatch = self.start([configuration.memwatch, "run", "-q", "-o", session, "--", *host])
        pid = self.child_of(memwatch)
        for _ in range(3):
            run = self.check(pid)
            self.assertEqual(run.status, 0, run.stderr)
            self.assertEqual((run.leaks["method"], run.leaks["complete"]), ("reachability", True))
            self.assertGreater(run.leaks["reachable_bytes"], 30 << 20)
            self.assertNotIn("pause_reason", run.leaks)
            said = self.ask(memwatch)
            said.pop("gap_us")
            self.assertEqual(said, {"missed": "0", "spoiled": "0", "children": "none", "signals": "0"})

    def test_a_process_in_a_sandbox_is_copied_and_the_reason_told(self):
        session = self.workspace.out / "live.mw"
        host = self.host("leaks_on_demand", "sandbox")
        memwatch = self.start([configuration.memwatch, "run", "-q", "-o", session, "--", *host])
        pid = self.child_of(memwatch)
        run = self.check(pid)
        self.assertEqual((run.leaks["definite_bytes"], run.leaks["reachable_bytes"]), (1500, 700))
        self.assertIn("copied", run.leaks["pause_reason"])
        self.assertIn("seccomp", run.leaks["pause_reason"])
        text = self.memwatch("leaks", pid).stdout.decode()
        self.assertRegex(text, r"stood still for [0-9.]+ ms, while its memory was copied, .*seccomp")

    def check_of_leaks_on_demand(self, pid):
        run = self.check(pid)
        self.assertEqual(run.status, 1, run.stderr)
        self.assertEqual((run.leaks["definite_bytes"], run.leaks["reachable_bytes"]), (1500, 700))
        return run.leaks

    def test_a_process_that_a_debugger_has_is_judged_while_it_runs_and_the_doubt_is_told(self):
        session = self.workspace.out / "live.mw"
        program = [*self.host("traces_a_program"), *self.host("leaks_on_demand")]
        memwatch = self.start([configuration.memwatch, "run", "-q", "-o", session, "--", *program])
        pid = self.child_of_pid(self.child_of(memwatch))
        leaks = self.check_of_leaks_on_demand(pid)
        self.assertEqual((leaks["method"], leaks["complete"]), ("reachability", False))
        self.assertIn("its threads ran on while memory was read: the system does not allow stopping its threads", leaks["reason"])
        text = self.memwatch("leaks", pid).stdout.decode()
        self.assertIn("Leaked, as far as could be seen: 1.5 KiB in 1 block", text)
        self.assertIn("another debugger", " ".join(text.split()))
        self.goes_on(memwatch)

    def test_a_process_that_was_stopped_is_judged_and_stays_stopped(self):
        session = self.workspace.out / "live.mw"
        memwatch = self.start([configuration.memwatch, "run", "-q", "-o", session, "--", *self.host("leaks_on_demand")])
        pid = int(self.child_of(memwatch))
        os.kill(pid, signal.SIGSTOP)
        wait_for_state(pid, "T")
        self.assertIn("stopped already", self.check_of_leaks_on_demand(pid)["pause_reason"])
        wait_for_state(pid, "T")  # traced for a moment, and back
        os.kill(pid, signal.SIGCONT)
        self.assertNotIn("pause_reason", self.check_of_leaks_on_demand(pid))
        self.goes_on(memwatch)

    def goes_on(self, memwatch):
        memwatch.stdin.write(b"\n")
        memwatch.stdin.flush()
        self.assertEqual(memwatch.stdout.readline(), b"ready\n")

    def in_a_cgroup(self, controller, pid):
        """Its directory; the process is in it until it ends."""
        if os.geteuid() != 0:
            self.skipTest("needs root, to make a cgroup")
        for parent in (f"/sys/fs/cgroup/{controller}", "/sys/fs/cgroup"):
            if not (Path(parent) / "cgroup.procs").exists():
                continue
            group = Path(parent) / f"memwatch-test-{os.getpid()}-{pid}"
            group.mkdir()
            self.addCleanup(remove_cgroup, group)
            (group / "cgroup.procs").write_text(str(pid))
            return group
        return self.skipTest(f"no cgroup for {controller} can be made here")

    def test_a_process_that_may_have_no_child_is_copied(self):
        session = self.workspace.out / "live.mw"
        memwatch = self.start([configuration.memwatch, "run", "-q", "-o", session, "--", *self.host("leaks_on_demand")])
        pid = int(self.child_of(memwatch))
        most = self.in_a_cgroup("pids", pid) / "pids.max"
        if not most.exists():
            self.skipTest("processes are not counted here")
        most.write_text("1")
        reason = self.check_of_leaks_on_demand(pid)["pause_reason"]
        self.assertIn("no twin of it could be made: ", reason)
        self.assertRegex(reason, "the system refused|hardly have another process")
        self.goes_on(memwatch)

    def test_a_process_at_the_limit_of_its_user_is_judged_at_its_end_and_before(self):
        user = AnotherUser(self)
        directory = user.directory
        session = directory / "limited.mw"
        places = {"XDG_RUNTIME_DIR": "", "TMPDIR": "/tmp", "XDG_CACHE_HOME": str(directory), "HOME": str(directory)}
        # With its collector it has more processes than it may have.
        program = ["prlimit", "--nproc=1:1", *self.host("leaks_on_demand")]
        memwatch = self.start([*user.prefix, configuration.memwatch, "run", "-q", "-o", session, "--", *program], **places)
        pid = self.child_of(memwatch)
        run = self.run_command([*user.prefix, configuration.memwatch, "leaks", "--json", "-", pid], **places)
        self.assertEqual(run.status, 1, run.stderr)
        leaks = json.loads(run.stdout)["processes"][0]["leaks"]
        self.assertEqual((leaks["method"], leaks["complete"]), ("reachability", True))
        self.assertEqual((leaks["definite_bytes"], leaks["reachable_bytes"]), (1500, 700))
        self.assertIn("no twin of it could be made: ", leaks["pause_reason"])
        self.assertRegex(leaks["pause_reason"], "the system refused|hardly have another process")
        self.goes_on(memwatch)
        memwatch.stdin.close()
        self.assertEqual(memwatch.wait(), 0)
        run = self.memwatch("report", "--format", "json", session)
        process = json.loads(run.stdout)["processes"][-1]
        self.assertEqual((process["exit"]["kind"], process["exit"]["code"]), ("exited", 0))
        leaks = process["leaks"]
        self.assertEqual((leaks["method"], leaks["complete"], leaks["reason"]), ("reachability", True, ""))
        self.assertEqual((leaks["definite_bytes"], leaks["definite_blocks"]), (3000, 2))

    def test_memory_of_a_program_that_is_not_dumpable_is_seen_without_being_root(self):
        # Root may read it anyway; others through the descriptors alone that the shim handed over.
        user = AnotherUser(self)
        directory = user.directory
        places = {"XDG_RUNTIME_DIR": "", "TMPDIR": "/tmp", "XDG_CACHE_HOME": str(directory), "HOME": str(directory)}
        report = directory / "report.json"
        run = self.run_command(
            [*user.prefix, configuration.memwatch, "run", "-q", "--json", report, "-o", directory / "x.mw", "--", *self.host("non_dumpable")],
            **places,
        )
        self.assertEqual((run.status, run.stdout), (0, b"dumpable 0, child 5\n"), run.stderr)
        judged = [process for process in json.loads(report.read_text())["processes"] if process["exit"]["kind"] == "exited"]
        self.assertEqual(len(judged), 2)  # it, and its child that became the program anew
        for process in judged:
            leaks = process["leaks"]
            self.assertEqual((leaks["method"], leaks["complete"], leaks["reason"]), ("reachability", True, ""))
        lost = max(process["leaks"]["definite_blocks"] for process in judged)
        self.assertGreaterEqual(lost, 190)  # of 201: a pointer may have stayed in a register or two

    def test_a_process_that_is_frozen_is_judged_and_stays_frozen(self):
        session = self.workspace.out / "live.mw"
        memwatch = self.start([configuration.memwatch, "run", "-q", "-o", session, "--", *self.host("leaks_on_demand")])
        pid = int(self.child_of(memwatch))
        group = self.in_a_cgroup("freezer", pid)
        switch, on, off = (
            (group / "freezer.state", "FROZEN", "THAWED") if (group / "freezer.state").exists() else (group / "cgroup.freeze", "1", "0")
        )
        if not switch.exists():
            self.skipTest("nothing can be frozen here")
        switch.write_text(on)
        try:
            leaks = self.check_of_leaks_on_demand(pid)
        finally:
            switch.write_text(off)
        # Where the kernel lets a frozen thread stop for a tracer (version 2), all is as ever.
        if switch.name == "freezer.state":
            self.assertIn("could not be stopped", leaks["reason"])
            self.assertFalse(leaks["complete"])
        self.goes_on(memwatch)
        run = self.check(pid)
        self.assertEqual((run.leaks["definite_bytes"], run.leaks["complete"]), (3000, True), run.leaks)

    def test_a_process_in_another_pid_namespace_has_a_twin_as_well(self):
        if self.run_command(["unshare", "-fp", "true"]).status != 0:
            self.skipTest("no PID namespaces here (they need root)")
        session = self.workspace.out / "live.mw"
        program = ["unshare", "-fp", *self.host("leaks_on_demand")]
        memwatch = self.start([configuration.memwatch, "run", "-q", "-o", session, "--", *program])
        with open(f"/proc/{self.child_of(memwatch)}/task/{self.child_of(memwatch)}/children") as file:
            pid = int(file.read())
        for _ in range(3):  # what is left of one would be in the way of the next
            self.assertNotIn("pause_reason", self.check_of_leaks_on_demand(pid))
        self.goes_on(memwatch)

    def test_what_a_twin_does_not_have_is_seen_as_well(self):
        session = self.workspace.out / "live.mw"
        memwatch = self.start([configuration.memwatch, "run", "-q", "-o", session, "--", *self.host("holds_beside_a_twin")])
        run = self.check(self.child_of(memwatch))
        self.assertEqual((run.leaks["method"], run.leaks["complete"]), ("reachability", True))
        self.assertNotIn("pause_reason", run.leaks)
        self.assertEqual(sizes(run.leaks, "definite"), [])
        self.assertLessEqual({2101, 2202, 2303}, set(sizes(run.leaks, "reachable")))

    def say(self, process, order):
        process.stdin.write(order)
        process.stdin.flush()
        return process.stdout.readline()

    def execs_while_it_is_checked(self, process, is_in_the_middle):
        command = [configuration.memwatch, "leaks", "--json", "-", "--duration", "100ms", process.pid]
        check = subprocess.Popen(
            [str(part) for part in command],
            env=self.workspace.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        # In the middle of it; or once it is all over, where the machine was slow to look.
        while check.poll() is None and time.monotonic() < deadline and not is_in_the_middle():
            pass
        # It becomes itself, with a small heap.
        self.assertEqual(self.say(process, b"x\n"), b"ready\n")
        check.wait()
        said = self.ask(process)
        said.pop("gap_us")
        self.assertEqual(said, {"missed": "0", "spoiled": "0", "children": "none", "signals": "0"})

    def test_a_process_that_execs_while_it_is_checked_has_no_child(self):
        process = self.start(self.host("lives_through_checks", "200"), LD_PRELOAD=configuration.preload)
        self.assertEqual(self.say(process, b"u"), b"watching\n")  # so that a twin of it is made
        self.execs_while_it_is_checked(process, lambda: self.child_of_pid(process.pid) != "")

    def test_a_process_that_execs_while_it_is_copied_becomes_the_other(self):
        process = self.start(self.host("lives_through_checks", "200"), LD_PRELOAD=configuration.preload)
        self.execs_while_it_is_checked(process, lambda: " uw" in Path(f"/proc/{process.pid}/smaps").read_text())

    def test_what_a_large_process_holds_is_the_same_however_it_was_copied(self):
        # While it ran; by a twin, since it has a watch of its own; by whatever is right for one that writes without end.
        found = {}
        for name, order, answer in (("copy", b"", b""), ("twin", b"u", b"watching\n"), ("busy", b"w", b"writing\n")):
            session = self.workspace.out / f"{name}.mw"
            program = self.host("lives_through_checks", "48", "plain")
            memwatch = self.start([configuration.memwatch, "run", "-q", "--leak-check", "none", "-o", session, "--", *program])
            pid = self.child_of(memwatch)
            if order:
                self.assertEqual(self.say(memwatch, order), answer)
            run = self.check(pid)
            self.assertEqual((run.leaks["method"], run.leaks["complete"]), ("reachability", True))
            if name == "copy":
                self.assertNotIn("pause_reason", run.leaks)
            found[name] = [run.leaks[kind] for kind in ("definite_bytes", "indirect_bytes", "possible_bytes", "reachable_blocks")]
            self.assertNotIn(" uw", Path(f"/proc/{pid}/smaps").read_text())
            said = self.ask(memwatch)
            said.pop("gap_us")
            self.assertEqual(said, {"missed": "0", "spoiled": "0", "children": "none", "signals": "0"})
        blocks = (48 << 20) // 256
        self.assertGreaterEqual(found["copy"][3], blocks)
        self.assertEqual(found["copy"][:3], [0, 0, 0])
        self.assertEqual(found["twin"], found["copy"])
        # A thread more, with a stack and what the loader keeps for it.
        self.assertEqual(found["busy"][:3], [0, 0, 0])
        self.assertIn(found["busy"][3] - found["copy"][3], range(3))

    def test_a_fork_that_takes_long_is_told(self):
        session = self.workspace.out / "live.mw"
        program = self.host("lives_through_checks", "768", "plain")
        memwatch = self.start([configuration.memwatch, "run", "-q", "--leak-check", "none", "-o", session, "--", *program])
        self.assertEqual(self.say(memwatch, b"u"), b"watching\n")
        run = self.check(self.child_of(memwatch))
        self.assertRegex(
            run.leaks["pause_reason"],
            r"^\d+ ms of it for a fork, since it could not be copied while it ran: it uses userfaultfd itself$",
        )

    def check_of_threads(self, count, *options):
        """Each holds a block of 700 bytes in a register and has lost one of 1500."""
        session = self.workspace.out / "live.mw"
        program = self.host("threads_hold_blocks", str(count), *options)
        memwatch = self.start([configuration.memwatch, "run", "-q", "--leak-check", "none", "-o", session, "--", *program])
        pid = self.child_of(memwatch)
        for _ in range(2):
            run = self.check(pid)
            self.assertEqual((run.leaks["method"], run.leaks["complete"]), ("reachability", True))
            self.assertEqual((run.leaks["definite_bytes"], run.leaks["definite_blocks"]), (1500 * count, count))
            self.assertGreaterEqual(run.leaks["reachable_bytes"], 700 * count)
            for thread in Path(f"/proc/{pid}/task").iterdir():
                self.assertIn("\nTracerPid:\t0\n", (thread / "status").read_text())
            self.goes_on(memwatch)
        return run.leaks, self.memwatch("leaks", pid).stdout.decode()

    def test_threads_that_sleep_need_not_stop_and_what_they_hold_is_seen(self):
        leaks, _ = self.check_of_threads(200)
        self.assertNotIn("pause_reason", leaks)

    def test_many_threads_that_compute_have_to_stop_and_the_reason_is_told(self):
        # So many for any number of processors that it takes longer than anything else.
        leaks, text = self.check_of_threads(32 * len(os.sched_getaffinity(0)), "compute")
        reason = r"\d+ ms of it while \d+ of its \d+ threads came to a stop and went on, one by one(, \d+ ms of it one thread alone, which waited for a processor)?"
        self.assertRegex(leaks["pause_reason"], f"^{reason}$")
        self.assertRegex(text, rf"stood still for [0-9.]+ ms, {reason}\.\n$")

    def test_a_process_that_nobody_records_is_watched_for_a_while(self):
        process = self.start(self.host("leaks_on_demand"), LD_PRELOAD=configuration.preload)
        run = self.check(process.pid, "--duration", "200ms")
        self.assertEqual(run.status, 0, run.stderr)
        self.assertFalse(run.leaks["complete"])
        self.assertRegex(run.leaks["reason"], r"^only blocks allocated in the last [0-9.]+ s were judged")
        self.assertIsNone(process.poll())
        text = self.memwatch("leaks", "--duration", "200ms", process.pid).stdout.decode()
        self.assertNotIn("Every block was freed", text)
        self.assertIn("nothing that was allocated in the last ", text)
        self.assertIn("What the process had before is not known.", text)

    def test_what_was_recorded_without_every_block_is_not_judged_at_the_end(self):
        for mode in ("sample", "idle"):
            session = self.workspace.out / f"{mode}.mw"
            memwatch = self.start(
                [configuration.memwatch, "run", "-q", "--mode", mode, "-o", session, "--", *self.host("leaks_on_demand")]
            )
            memwatch.stdin.close()
            self.assertEqual(memwatch.wait(), 0)
            text = self.memwatch("report", "--view", "leaks", session).stdout.decode()
            self.assertNotIn("Every block was freed", text)

    def test_who_holds_a_block_of_a_living_process(self):
        session = self.workspace.out / "live.mw"
        memwatch = self.start([configuration.memwatch, "run", "-q", "-o", session, "--", *self.host("leaks_on_demand")])
        with open(f"/proc/{memwatch.pid}/task/{memwatch.pid}/children") as file:
            pid = file.read().strip()
        by_site = self.memwatch("leaks", "--who-holds", "^main$", pid)
        self.assertEqual(by_site.status, 1, by_site.stderr)
        self.assertIn("variable g_held (leaks_on_demand)", by_site.stdout.decode())
        run = self.check(pid, "--who-holds", "^main$")
        (way,) = run.leaks["holders"]
        self.assertEqual((way["root"]["symbol"], [step["size"] for step in way["path"]]), ("g_held", [700]))
        inside = hex(int(way["path"][0]["address"], 16) + 699)
        by_address = self.memwatch("leaks", "--who-holds", inside, pid).stdout.decode()
        self.assertIn("variable g_held (leaks_on_demand)", by_address)
        outside = hex(int(way["path"][0]["address"], 16) + 700)
        self.assertIn("Nothing", self.memwatch("leaks", "--who-holds", outside, pid).stdout.decode())
        self.assertEqual(self.memwatch("leaks", "--who-holds", "(", pid).status, 2)

    def test_no_such_process_and_none_of_ours(self):
        self.assertEqual(self.memwatch("leaks", 2**31 - 1).status, 2)
        self.assertEqual(self.memwatch("leaks", os.getpid()).status, 2)
        self.assertEqual(self.memwatch("leaks").status, 2)
