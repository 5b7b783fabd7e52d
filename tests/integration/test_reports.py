"""Every view and format of a session, damaged and foreign sessions, wrong usage and its exit codes."""

import csv
import io
import json
import shutil

from harness.case import IntegrationTest
from harness.configuration import configuration

VIEWS = (
    "summary",
    "leaks",
    "peak",
    "hotspots",
    "temporary",
    "failures",
    "large",
    "threads",
    "modules",
    "processes",
    "timeline",
    "sizes",
)
CSV_COLUMNS = {
    "pid",
    "allocations",
    "reallocations",
    "allocated_bytes",
    "live_blocks",
    "live_bytes",
    "peak_bytes",
    "temporary",
    "function",
    "file",
    "line",
    "module",
    "stack",
}


class ReportsTest(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.traced = self.trace(self.host("cxx_containers"))
        self.root = self.traced.report.root

    def report(self, *options, session=None):
        return self.memwatch("report", session or self.traced.session, *options)

    def test_every_view_is_rendered_as_text(self):
        for view in VIEWS:
            with self.subTest(view=view):
                run = self.report("--view", view)
                self.assertEqual((run.status, run.stderr), (0, ""))
                self.assertTrue(run.stdout.strip(), "an empty view says so")
                self.assertNotIn(b"\x1b", run.stdout, "no colour where there is no terminal")

    def test_the_views_of_a_program_that_did_nothing_say_so(self):
        session = self.trace(self.host("does_nothing")).session
        for view in VIEWS:
            with self.subTest(view=view):
                run = self.report("--view", view, session=session)
                self.assertEqual(run.status, 0, run.stderr)
                self.assertTrue(run.stdout.strip())

    def test_the_json_report_of_a_session_is_the_one_of_the_run(self):
        run = self.report("--format", "json")
        self.assertEqual(run.status, 0, run.stderr)
        report = json.loads(run.stdout)
        self.assertEqual(report["schema"], "memwatch.report/1")
        (process,) = report["processes"]
        for part in ("totals", "heap", "mapped", "functions", "losses", "exit", "rss"):
            self.assertEqual(process[part], self.root.data[part], part)

    def test_output_goes_to_a_file_where_asked(self):
        target = self.workspace.out / "report.txt"
        run = self.report("-o", target)
        self.assertEqual((run.status, run.stdout), (0, b""))
        self.assertEqual(target.read_bytes(), self.report().stdout)

    def test_collapsed_stacks_sum_to_the_totals(self):
        expected = {
            "peak": self.root.heap["peak_bytes"],
            "leaked": sum(self.root.data["leaks"][f"{kind}_bytes"] for kind in ("definite", "indirect", "possible")),
            "allocated": self.root.totals["allocated_bytes"],
            "allocations": self.root.totals["allocations"],
            "temporary": self.root.totals["temporary"],
        }
        for cost, total in expected.items():
            with self.subTest(cost=cost):
                run = self.report("--format", "collapsed", "--cost", cost)
                self.assertEqual(run.status, 0, run.stderr)
                lines = run.stdout.decode().splitlines()
                self.assertEqual(sum(int(line.rsplit(" ", 1)[1]) for line in lines), total)
                self.assertTrue(any(";" in line for line in lines), "stacks of several frames")

    def test_csv_has_its_columns_and_sums_to_the_totals(self):
        run = self.report("--format", "csv")
        self.assertEqual(run.status, 0, run.stderr)
        rows = list(csv.DictReader(io.StringIO(run.stdout.decode())))
        self.assertLessEqual(CSV_COLUMNS, set(rows[0]))
        for column, total in (
            ("allocations", self.root.totals["allocations"]),
            ("allocated_bytes", self.root.totals["allocated_bytes"]),
            ("live_bytes", self.root.heap["live_bytes"]),
            ("peak_bytes", self.root.heap["peak_bytes"]),
        ):
            self.assertEqual(sum(int(row[column]) for row in rows), total, column)

    def test_filters_choose_stacks(self):
        wanted = self.report("--format", "collapsed", "--cost", "allocations", "--filter", "count_words")
        others = self.report("--format", "collapsed", "--cost", "allocations", "--exclude", "count_words")
        self.assertEqual((wanted.status, others.status), (0, 0))
        self.assertTrue(wanted.stdout.strip())
        for line in wanted.stdout.decode().splitlines():
            self.assertIn("count_words", line)
        self.assertNotIn(b"count_words", others.stdout)
        self.assertTrue(others.stdout.strip())

    def test_a_process_is_chosen_by_its_pid(self):
        run = self.report("--pid", str(self.root.pid), "--format", "json")
        self.assertEqual(run.status, 0, run.stderr)
        self.assertNotEqual(self.report("--pid", "1", "--format", "json").status, 0)

    def test_reports_need_no_binary_of_the_program(self):
        program = self.workspace.out / "gone"
        shutil.copy(configuration.hosts / "known_stack", program)
        session = self.trace([program]).session
        program.unlink()
        run = self.report("--view", "hotspots", session=session)
        self.assertEqual(run.status, 0, run.stderr)
        self.assertIn(b"gamma_allocates", run.stdout)

    def test_a_session_cut_short_is_reported_as_far_as_it_is_intact(self):
        whole = self.traced.session.read_bytes()
        cut = self.workspace.out / "cut.mw"
        for keep in range(0, len(whole), max(1, len(whole) // 40)):
            with self.subTest(bytes=keep, of=len(whole)):
                cut.write_bytes(whole[:keep])
                run = self.report("--format", "json", session=cut)
                self.assertIn(run.status, (0, 3), run.stderr)
                self.assertTrue(run.stderr.startswith("memwatch: "), run.stderr)
                if run.status == 0:
                    self.assertIs(json.loads(run.stdout)["complete"], False)
        cut.write_bytes(whole[:-1])
        self.assertEqual(self.report(session=cut).status, 0, "all but the last byte is there")

    def test_a_damaged_session_never_crashes_a_report(self):
        whole = self.traced.session.read_bytes()
        damaged = self.workspace.out / "damaged.mw"
        for position in range(0, len(whole), max(1, len(whole) // 40)):
            with self.subTest(position=position, of=len(whole)):
                damaged.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
                run = self.report(session=damaged)
                self.assertIn(run.status, (0, 3), run.stderr)

    def test_foreign_files_are_refused(self):
        foreign = self.workspace.out / "foreign.mw"
        for content in (b"", b"x", b"#!/bin/sh\necho not a session\n", bytes(range(256)) * 64):
            with self.subTest(content=content[:20]):
                foreign.write_bytes(content)
                self.assert_refused(self.report(session=foreign), 3)
        self.assert_refused(self.report(session=self.workspace.out / "absent.mw"), 3)
        self.assert_refused(self.report(session=self.workspace.out), 3)

    def assert_refused(self, run, status):
        self.assertEqual(run.status, status, run.stderr)
        self.assertEqual(run.stdout, b"")
        self.assertTrue(run.stderr.startswith("memwatch: "), run.stderr)


class UsageTest(IntegrationTest):
    def assert_refused(self, status, *arguments):
        with self.subTest(arguments=arguments):
            run = self.memwatch(*arguments)
            self.assertEqual(run.status, status, run.stderr)
            self.assertEqual(run.stdout, b"")
            self.assertTrue(run.stderr.startswith("memwatch: "), run.stderr)

    def test_wrong_usage(self):
        self.assert_refused(2, "repoort")
        self.assert_refused(2, "report")
        self.assert_refused(2, "report", "--view", "nonsense", "x.mw")
        self.assert_refused(2, "report", "--no-such-option", "x.mw")
        self.assert_refused(2, "list", "--no-such-option")
        self.assert_refused(2, "attach")
        self.assert_refused(2, "attach", "not-a-pid")

    def test_wrong_usage_of_run_is_125(self):
        true = "/bin/true"
        self.assert_refused(125, "run")
        self.assert_refused(125, "run", "--no-such-option", "--", true)
        self.assert_refused(125, "run", "--mode", "nonsense", "--", true)
        self.assert_refused(125, "run", "--json", "-", "--", true)
        self.assert_refused(125, "run", "--large", "many", "--", true)

    def test_commands_that_cannot_be_traced_or_found(self):
        script = self.workspace.out / "not-executable"
        script.write_text("no program\n")
        self.assert_refused(127, "run", "--", "/no/such/command")
        self.assert_refused(127, "run", "--", "no-such-command-anywhere")
        self.assert_refused(126, "run", "--", script)
        self.assert_refused(126, "run", "--", self.workspace.out)
        self.assert_refused(126, "run", "--", *self.host("static_program"))

    def test_help_and_version(self):
        for arguments in (["--help"], ["--version"], ["version"], *([c, "--help"] for c in ("run", "attach"))):
            with self.subTest(arguments=arguments):
                run = self.memwatch(*arguments)
                self.assertEqual((run.status, run.stderr), (0, ""))
                self.assertTrue(run.stdout.strip())
        for command in ("list", "report", "doctor"):
            self.assertEqual(self.memwatch(command, "--help").status, 0)

    def test_a_summary_goes_to_stderr_and_leaves_stdout_to_the_program(self):
        run = self.memwatch("run", "-o", self.workspace.out / "s.mw", "--", *self.host("peak_shares"))
        self.assertEqual((run.status, run.stdout), (0, b"done\n"))
        self.assertIn("second_grows", run.stderr)  # the largest share of the peak
        self.assertLessEqual(len(run.stderr.splitlines()), 25)

    def test_failures_and_large_allocations_are_told_at_once(self):
        run = self.memwatch("run", "-o", self.workspace.out / "s.mw", "--", *self.host("large_untouched"))
        self.assertIn("large_untouched", run.stderr)
        self.assertRegex(run.stderr, r"1\.5 ?GiB")
