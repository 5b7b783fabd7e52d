"""The client's headers: a program's own counters, and GoogleTest's tests with limits on their memory."""

import re

from harness.case import IntegrationTest


class CountersTest(IntegrationTest):
    def test_figures_are_exact(self):
        run = self.trace_only(self.host("asks_about_itself"))
        self.assertEqual((run.status, run.stdout), (0, b"ok\n"), run.stderr)
        self.assert_exact(run.report.root)

    def test_without_a_recording_the_status_says_why(self):
        self.assertEqual(self.run_command(self.host("asks_about_itself")).stdout, b"1\n")
        sampled = self.trace_only(self.host("asks_about_itself"), ["--mode", "sample"])
        self.assertEqual(sampled.stdout, b"2\n")


class GoogleTestTest(IntegrationTest):
    TESTS = (
        "Peak.WithinItsLimit",
        "Peak.BeyondItsLimit",
        "NotFreed.IsLimitedForAll",
        "NotFreed.MayBeLoosened",
        "Allocations.OfOtherThreadsCount",
        "Allocated.BeyondItsLimit",
    )

    def verdicts(self, run):
        told = run.stdout.decode()
        found = {name: verdict for verdict, name in re.findall(r"\[\s+(OK|FAILED) +\] (\w+\.\w+) \(", told)}
        self.assertEqual(set(found), set(self.TESTS), told)
        return {name for name, verdict in found.items() if verdict == "FAILED"}

    def test_what_exceeds_its_limit_fails(self):
        xml = self.workspace.out / "tests.xml"
        run = self.trace_only(self.host("tests_with_limits", f"--gtest_output=xml:{xml}"))
        failed = {"Peak.BeyondItsLimit", "NotFreed.IsLimitedForAll", "Allocations.OfOtherThreadsCount", "Allocated.BeyondItsLimit"}
        self.assertEqual(self.verdicts(run), failed)
        self.assertEqual(run.status, 1)
        told = run.stdout.decode()
        # GoogleTest's own objects for a test count with it.
        peak = re.search(r"tests_with_limits\.cpp:\d+: Failure\n.*\nmemwatch: peak of this test: (\d+) bytes, more than the limit of 102000", told)
        self.assertIn(int(peak[1]) - 102001, range(1000))
        self.assertIn("not_freed of this test: 2001 bytes, more than the limit of 0", told)
        self.assertRegex(told, r"allocated of this test: 5\d\d\d bytes, more than the limit of 4999")
        properties = re.findall(r'property name="memwatch_peak" value="(\d+)"', xml.read_text())
        self.assertEqual(int(properties[1]) - int(properties[0]), 2001)
        self.assertEqual(re.findall(r'property name="memwatch_not_freed" value="(\d+)"', xml.read_text())[:4], ["0", "0", "2001", "2001"])

    def test_without_memwatch_all_pass_and_one_line_says_so(self):
        run = self.run_command(self.host("tests_with_limits"))
        self.assertEqual((run.status, self.verdicts(run)), (0, set()))
        self.assertEqual(run.stderr.count("memwatch: memory is not measured"), 1)
        required = self.run_command(self.host("tests_with_limits"), MEMWATCH_GTEST="required")
        self.assertEqual((required.status, self.verdicts(required)), (1, set(self.TESTS)))

    def test_where_not_every_call_is_recorded_all_pass_and_the_line_says_why(self):
        for mode in ("sample", "idle"):
            xml = self.workspace.out / f"{mode}.xml"
            command = self.host("tests_with_limits", f"--gtest_output=xml:{xml}")
            run = self.trace_only(command, ["--mode", mode])
            self.assertEqual((run.status, self.verdicts(run)), (0, set()), mode)
            why = "memwatch does not record every call of this process (--mode exact)"
            self.assertEqual(run.stderr.count(f"limits are not checked: {why}"), 1, mode)
            self.assertNotIn("memwatch_peak", xml.read_text())
            required = self.trace_only(command, ["--mode", mode], MEMWATCH_GTEST="required")
            self.assertEqual((required.status, self.verdicts(required)), (1, set(self.TESTS)), mode)
            self.assertIn(f"memory was not measured: {why}", required.stdout.decode())
