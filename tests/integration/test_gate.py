"""memwatch gate and diff on real runs: what passes, what fails, with which status, and what is left untouched."""

import json
import os
import signal
import subprocess

from harness.case import IntegrationTest
from harness.configuration import configuration

SUMS = {
    "live": ("heap", "live_bytes"),
    "peak": ("heap", "peak_bytes"),
    "allocated": ("totals", "allocated_bytes"),
    "allocations": ("totals", "allocations"),
}


def figure_of(process, metric):
    if metric == "leaked":
        records = process.data["leaks"]["records"]
        return sum(record["bytes"] for record in records if record["kind"] != "reachable")
    group, field = SUMS[metric]
    return process.data[group][field]


class GateTest(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.baseline = self.workspace.out / "app.baseline"

    def gate(self, command, *options, baseline=True, **more):
        which = ("--baseline", self.baseline) if baseline else ()
        return self.memwatch("gate", *which, *options, "--", *command, **more)

    def told(self, *arguments):
        return self.host("allocates_as_told", *arguments)

    def update(self, command, *options):
        run = self.gate(command, "--update", *options)
        self.assertEqual(run.status, 0, run.stderr)
        return self.baseline.read_text()

    def verdict(self, command, *options):
        """Status and the JSON."""
        run = self.gate(command, "--format", "json", *options)
        return run.status, json.loads(run.stdout)


class MeasuringTest(GateTest):
    def test_the_same_program_passes_and_its_baseline_counts_what_it_does(self):
        text = self.update(self.told(1000, 10))
        self.assertIn("allocations = { value = 1010, min = 1010, max = 1010, runs = 3 }", text)
        self.assertIn("leaked_bytes = { value = 500, min = 500, max = 500, runs = 3, ", text)
        self.assertIn('"passes_through <- main" = { allocated_bytes = 100000, allocations = 1000, ', text)
        run = self.gate(self.told(1000, 10))
        self.assertEqual((run.status, run.stderr), (0, ""))
        self.assertIn(b"passed", run.stdout)
        self.assertEqual(self.baseline.read_text(), text, "only --update writes it")

    def test_two_percent_more_allocations_fail_half_a_percent_does_not(self):
        self.update(self.told(1000))
        status, _ = self.verdict(self.told(1005))
        self.assertEqual(status, 0)
        status, verdict = self.verdict(self.told(1020))
        self.assertEqual(status, 1)
        failed = {metric["metric"] for metric in verdict["metrics"] if metric["failed"]}
        self.assertEqual(failed, {"allocations", "allocated_bytes"})
        grown = verdict["metrics"][1]["stacks"][0]
        self.assertEqual((grown["old"], grown["new"], grown["frames"][0]["function"]), (1000, 1020, "passes_through"))
        self.assertEqual(verdict["confirming_runs"], 0, "runs that agree need no confirmation")

    def test_one_more_block_that_is_not_freed_fails(self):
        self.update(self.told(1000, 100))
        status, verdict = self.verdict(self.told(1000, 101))
        self.assertEqual(status, 1)
        self.assertEqual([m["metric"] for m in verdict["metrics"] if m["failed"]], ["leaked_bytes"])

    def test_what_a_small_leak_holds_is_told(self):
        self.update(self.told(1000, 10))
        status, verdict = self.verdict(self.told(1000, 10, 300_000))
        self.assertEqual(status, 1)
        leaked, heap = verdict["metrics"][3], verdict["metrics"][4]
        self.assertEqual((leaked["metric"], leaked["now"]["value"], leaked["delta"]), ("leaked_bytes", 516, 16))
        self.assertEqual(leaked["indirect_bytes"], 300_000)
        self.assertNotIn("indirect_bytes", heap)
        (stack,) = leaked["stacks"]
        self.assertEqual((stack["new"], stack["indirect_bytes"]), (16, 300_000))
        self.assertEqual(stack["frames"][0]["function"], "holds")
        for options in ((), ("--format", "markdown"), ("--format", "junit"), ("--format", "github")):
            text = self.gate(self.told(1000, 10, 300_000), *options).stdout.decode()
            self.assertIn("its blocks hold another 293 KiB", text, options)
        text = self.gate(self.told(1000, 10, 300_000)).stdout.decode()
        self.assertIn("These blocks hold another 293 KiB, which is lost with them and not counted here.", " ".join(text.split()))
        # They are no figure: the baseline says nothing of them.
        self.assertEqual(self.gate(self.told(1000, 10, 300_000), "--update").status, 0)
        self.assertEqual(self.gate(self.told(1000, 10, 200_000)).status, 0)

    def test_suppressed_leaks_do_not_count(self):
        known = self.workspace.out / "known.supp"
        known.write_text("leak:lose_unknown\n")
        run = self.gate(self.host("suppresses_its_leaks"), "--update")
        self.assertEqual(run.status, 0, run.stderr)
        self.assertIn("leaked_bytes = { value = 1303, ", self.baseline.read_text(), "less what the program suppresses")
        status, verdict = self.verdict(self.host("suppresses_its_leaks"), "--suppressions", known)
        self.assertEqual(status, 0)
        (leaked,) = [metric for metric in verdict["metrics"] if metric["metric"] == "leaked_bytes"]
        self.assertEqual((leaked["baseline"]["value"], leaked["now"]["value"]), (1303, 0))
        # Of sessions that were recorded without them as well.
        session = self.trace_only(self.host("suppresses_its_leaks")).session
        run = self.memwatch("gate", "--baseline", session, "--candidate", session, "--suppressions", known, "--format", "json")
        (leaked,) = [metric for metric in json.loads(run.stdout)["metrics"] if metric["metric"] == "leaked_bytes"]
        self.assertEqual((leaked["baseline"]["value"], leaked["now"]["value"]), (0, 0))
        known.write_text("laek:foo\n")
        bad = self.gate(self.host("suppresses_its_leaks"), "--suppressions", known)
        self.assertEqual(bad.status, 3)
        self.assertIn(f"{known}:1: expected", bad.stderr)

    def test_leaks_that_were_not_judged_with_everything_seen_are_not_measured(self):
        # It ends while a thread holds blocks in a register, its stack and its storage: 21006 bytes that
        # are leaks for whoever cannot stop the thread, because a debugger has it.
        shapes = self.host("leak_shapes")
        traced = [*self.host("traces_a_program"), *shapes]
        self.assertIn("leaked_bytes = { value = 38217, ", self.update(shapes))
        before = self.baseline.read_bytes()
        budget = self.workspace.out / "budget.toml"
        budget.write_text('[limit]\nleaked_bytes = "1GiB"\n[[stack]]\nmatch = "^make$"\nmax_leaked = "1GiB"\n')
        self.assertEqual(self.gate(shapes, "--budget", budget, "--runs", "1", baseline=False).status, 0)
        for options, baseline in (((), True), (("--update",), True), (("--budget", budget), False)):
            with self.subTest(options=options):
                run = self.gate(traced, *options, "--runs", "1", baseline=baseline)
                self.assertEqual(run.status, 3, run.stderr)
                self.assertRegex(run.stderr, "memwatch: measure: run 1: the leaks of process .*leak_shapes. were not judged")
                self.assertIn("its threads ran on while memory was read", run.stderr)
                self.assertIn("--leak-check none", run.stderr)
        self.assertEqual(self.baseline.read_bytes(), before)
        # What was not freed is known whatever the threads do.
        counted = self.update(traced, "--leak-check", "none", "--runs", "1")
        (line,) = [line for line in counted.splitlines() if line.startswith("leaked_bytes = ")]
        self.assertIn('method = "lifetime"', line)
        # Every block of leak_shapes, and what the loader keeps of a thread.
        self.assertIn(int(line.split("value = ")[1].split(",")[0]), range(92438, 92438 + 1024))
        run = self.gate(traced, "--leak-check", "none", "--runs", "1", "--format", "json")
        self.assertEqual((run.status, json.loads(run.stdout)["outcome"]), (0, "passed"), run.stderr)

    def test_what_is_not_seen_is_not_taken_for_little(self):
        self.update(self.told(1000, 10))
        before = self.baseline.read_bytes()
        for host in ("own_malloc", "another_allocator_jemalloc_static"):
            if not (configuration.hosts / host).exists():
                self.skipTest(f"{host} is not built here")
            # Beside a shell, of which all is seen.
            for command in (self.host(host), ["/bin/sh", "-c", f'"{configuration.hosts / host}"; exit 0']):
                for options in ((), ("--update",)):
                    run = self.gate(command, *options, "--runs", "1")
                    self.assertEqual(run.status, 3, (command, run.stderr))
                    self.assertIn("memwatch: measure: run 1: ", run.stderr)
        self.assertEqual(self.baseline.read_bytes(), before)

    def test_less_passes_and_suggests_an_update(self):
        self.update(self.told(1000, 10))
        run = self.gate(self.told(500, 10))
        self.assertEqual(run.status, 0)
        self.assertIn(b"passed, and improved", run.stdout)
        self.assertIn(b"--update -- ", run.stdout)

    def test_a_rebuilt_program_has_the_same_baseline(self):
        def lines(text):
            return [line for line in text.splitlines() if not line.startswith("peak_rss")]

        before = self.update(self.told(1000, 10))
        after = self.update(self.host("allocates_as_told_rebuilt", 1000, 10))
        self.assertEqual(lines(before), lines(after))
        layouts = [self.address_of("keeps", name) for name in ("allocates_as_told", "allocates_as_told_rebuilt")]
        self.assertNotEqual(*layouts, "the test is worth nothing if the layout is the same")

    def address_of(self, function, host):
        symbols = subprocess.run(["nm", configuration.hosts / host], capture_output=True, check=True, text=True)
        (line,) = [line for line in symbols.stdout.splitlines() if line.endswith(f" {function}")]
        return line.split()[0]

    def varying(self, *counts):
        """A command that makes another number of allocations each time it runs."""
        counter = self.workspace.out / "counter"
        counter.write_text("0\n")
        script = (
            f'read n < {counter}; echo $((n + 1)) > {counter}; shift $n; '
            f'exec "{configuration.hosts / "allocates_as_told"}" 0 $1'
        )
        return ["/bin/sh", "-c", script, "sh", *counts]

    def test_runs_that_vary_fail_only_if_all_are_above_the_baseline_and_five_more_agree(self):
        baseline = self.update(self.varying(10_000, 11_000, 10_400))
        self.assertIn("min = ", baseline)
        status, verdict = self.verdict(self.varying(12_000, 10_900, 12_100))
        self.assertEqual((status, verdict["confirming_runs"]), (0, 0), "one run is no higher than the baseline's")
        status, verdict = self.verdict(self.varying(12_000, 12_200, 12_100, 12_000, 10_900, 12_000, 12_000, 12_000))
        self.assertEqual((status, verdict["confirming_runs"]), (0, 5))
        self.assertIn("taken for noise", " ".join(verdict["metrics"][4]["rules"]))
        run = self.gate(self.varying(*[12_000, 12_100, 12_200, 12_300] * 2))
        self.assertEqual(run.status, 1)
        text = " ".join(run.stdout.decode().split())
        self.assertIn("every run is above the baseline's maximum", text)
        self.assertIn("5 more runs agree", text)
        self.assertIn("3 runs and 5 more", text)

    def test_a_budget_limits_stacks(self):
        budget = self.workspace.out / "budget.toml"
        budget.write_text('[[stack]]\nmatch = "^keeps$"\nmax_leaked = 500\nmax_allocations = 10\n')
        self.assertEqual(self.gate(self.told(5, 10), "--budget", budget, baseline=False).status, 0)
        run = self.gate(self.told(5, 11), "--budget", budget, "--format", "junit", baseline=False)
        self.assertEqual(run.status, 1)
        self.assertEqual(run.stdout.count(b"<failure "), 2)

    def test_another_machine_is_told_and_decides_nothing(self):
        text = self.update(self.told(10))
        kernel = next(line for line in text.splitlines() if line.startswith("kernel = "))
        self.baseline.write_text(text.replace(kernel, 'kernel = "1.2.3"'))
        run = self.gate(self.told(10))
        self.assertEqual(run.status, 0)
        self.assertIn(b"Not measured where the baseline was: kernel 1.2.3 then", run.stdout)


class TargetTest(GateTest):
    def test_a_program_that_fails_gives_its_status_and_writes_no_baseline(self):
        text = self.update(self.told(10))
        for command, status in (
            (["/bin/sh", "-c", "echo out; echo err >&2; exit 7"], 7),
            (["/bin/sh", "-c", "echo out; echo err >&2; kill -ABRT $$"], 128 + signal.SIGABRT),
            (["no-such-command-anywhere"], 127),
            (self.host("static_program"), 126),
        ):
            for options in ((), ("--update",)):
                with self.subTest(command=command, options=options):
                    run = self.gate(command, *options)
                    self.assertEqual(run.status, status, run.stderr)
                    self.assertIn("memwatch: gate: ", run.stderr)
                    self.assertEqual(self.baseline.read_text(), text)
                    if command[0] == "/bin/sh":
                        self.assertIn("out\nerr\n", run.stderr, "the output of a failed run is shown")
            junit = self.gate(command, "--format", "junit")
            self.assertEqual((junit.status, junit.stdout.count(b"<error ")), (status, 1))

    def test_it_stops_at_the_first_run_that_fails(self):
        log = self.workspace.out / "log"
        run = self.gate(["/bin/sh", "-c", f"echo run >> {log}; test $(wc -l < {log}) -lt 2"], "--update")
        self.assertEqual(run.status, 1)
        self.assertEqual(log.read_text(), "run\nrun\n")
        self.assertFalse(self.baseline.exists())

    def test_stdout_is_the_gates_own(self):
        run = self.gate(self.told(10), "--update", "--format", "json")
        self.assertEqual(json.loads(run.stdout)["updated"], "written")
        self.assertEqual(run.stderr, "")
        shown = self.gate(self.told(10), "--show-output")
        self.assertEqual((shown.stderr, b"done" in shown.stdout), ("done\ndone\ndone\n", False))

    def test_each_run_reads_standard_input_from_its_beginning(self):
        data = self.workspace.out / "data"
        data.write_text("skipped\nhello\n")
        command = (
            f'exec < {data}; read line; exec {configuration.memwatch} gate --baseline {self.baseline} --update '
            '-- /bin/sh -c \'test "$(cat)" = hello\''
        )
        run = self.run_command(["/bin/sh", "-c", command])
        self.assertEqual(run.status, 0, run.stderr)
        run = self.gate(["/bin/sh", "-c", 'test -z "$(cat)"'], "--update", stdin=b"from a pipe")
        self.assertEqual(run.status, 0, run.stderr)

    def test_signals_are_for_every_run_as_memwatch_found_them(self):
        log = self.workspace.out / "log"
        self.gate(["/bin/sh", "-c", f"grep SigIgn /proc/self/status >> {log}"], "--update")
        native = self.run_command(["grep", "SigIgn", "/proc/self/status"]).stdout.decode()
        self.assertEqual(log.read_text(), native * 3)

    def test_a_descendant_that_still_runs_is_not_measured_unless_waited_for(self):
        fifo = self.workspace.out / "fifo"
        os.mkfifo(fifo)
        keeps_it_open = os.open(fifo, os.O_RDWR)
        (host,) = self.host("leaves_a_child_running")
        try:
            run = self.gate(["/bin/sh", "-c", f"exec {host} < {fifo}"], "--update", "--runs", "1")
        finally:
            os.close(keeps_it_open)
        self.assertEqual(run.status, 3, run.stderr)
        self.assertIn("--wait-all", run.stderr)
        self.assertFalse(self.baseline.exists())
        waited = self.gate([host], "--update", "--runs", "1", "--wait-all")  # its standard input is empty
        self.assertEqual(waited.status, 0, waited.stderr)

    def test_sessions_can_be_kept(self):
        folder = self.workspace.out / "new" / "folder%p"
        self.update(self.told(10), "--sessions", folder)
        self.assertEqual(sorted(os.listdir(folder)), ["run-1.mw", "run-2.mw", "run-3.mw"])
        self.assertEqual(self.memwatch("diff", folder / "run-1.mw", folder / "run-3.mw").status, 0)

    def test_options_of_run_in_the_environment_do_not_disturb(self):
        run = self.gate(
            self.told(10),
            "--update",
            MEMWATCH_MODE="sample",
            MEMWATCH_FAIL_ON="large",
            MEMWATCH_ERROR_EXITCODE="9",
            MEMWATCH_LARGE="1",
            MEMWATCH_JSON=self.workspace.out / "report.json",
        )
        self.assertEqual(run.status, 0, run.stderr)
        self.assertFalse((self.workspace.out / "report.json").exists())

    def test_what_cannot_be_written_or_read_is_3(self):
        self.assertEqual(self.gate(self.told(10)).status, 3)
        absent = self.memwatch("gate", "--baseline", self.workspace.out / "no" / "x", "--update", "--", *self.told(1))
        self.assertEqual((absent.status, "No such file" in absent.stderr), (3, True))
        self.baseline.write_text("[metrics]\n")
        run = self.gate(self.told(10))
        self.assertEqual((run.status, f"{self.baseline}:1: " in run.stderr), (3, True))


# A real program that differs from run to run: strings hash by chance, so tables grow at other moments.
VARYING = """
import sys
names = {str(i) * 3 for i in range(300)}
kept = [bytearray(600) for _ in range(int(sys.argv[1]))]
"""


class RepeatedTest(GateTest):
    def python(self, blocks):
        return ["/usr/bin/python3", "-I", "-S", "-c", VARYING, str(blocks)]

    def test_the_same_program_passes_a_hundred_times_of_a_hundred(self):
        self.update(self.python(5000))
        outcomes = [self.gate(self.python(5000), "--quiet").status for _ in range(100)]
        self.assertEqual(outcomes, [0] * 100)

    def test_two_percent_more_of_what_is_counted_fail_each_time(self):
        text = self.update(self.python(5000))
        (counted,) = [line for line in text.splitlines() if line.startswith("allocations = ")]
        rise = int(counted.split("value = ")[1].split(",")[0]) * 2 // 100
        outcomes = [self.gate(self.python(5000 + rise), "--quiet").status for _ in range(10)]
        self.assertEqual(outcomes, [1] * 10, counted)


class DiffTest(IntegrationTest):
    def test_totals_and_stacks_agree_with_the_reports_of_a_process_tree(self):
        traced = [
            self.trace(["/bin/sh", "-c", '"$1" $2 $3; "$1" 7 $3', "sh", *self.host("allocates_as_told"), *counts])
            for counts in ((100, 5), (140, 3))
        ]
        for metric in (*SUMS, "leaked"):
            with self.subTest(metric=metric):
                run = self.memwatch(
                    "diff", traced[0].session, traced[1].session, "--metric", metric, "--format", "json"
                )
                self.assertEqual((run.status, run.stderr), (0, ""))
                diff = json.loads(run.stdout)
                old, new = (sum(figure_of(process, metric) for process in t.report.processes) for t in traced)
                self.assertEqual((diff["old"], diff["new"], diff["delta"]), (old, new, new - old))
                stacks = diff["stacks"]
                self.assertEqual(sum(stack["delta"] for stack in stacks), new - old)
                self.assertEqual(sum(stack["old"] for stack in stacks) + diff["unchanged"]["amount"], old)
                sizes = [abs(stack["delta"]) for stack in stacks]
                self.assertEqual(sizes, sorted(sizes, reverse=True))
                expected = {"live": -200, "allocated": 3800, "allocations": 36}.get(metric)
                if expected is not None:
                    self.assertEqual(diff["delta"], expected)

    def test_a_rebuilt_program_matches_stack_by_stack(self):
        sessions = [
            self.trace(self.host(name, 10, kept)).session
            for name, kept in (("allocates_as_told", 4), ("allocates_as_told_rebuilt", 6))
        ]
        run = self.memwatch("diff", *sessions, "--format", "json", "--fail-on-growth", "99")
        self.assertEqual(run.status, 1)
        (stack,) = json.loads(run.stdout)["stacks"]
        self.assertEqual((stack["old"], stack["new"], stack["delta"]), (200, 300, 100))
        self.assertEqual([frame["function"] for frame in stack["frames"]][:2], ["keeps", "main"])
        text = self.memwatch("diff", *sessions)
        self.assertIn(b"+100 B (+50.0 %)", text.stdout)
        self.assertIn(b"Different programs", text.stdout)
