"""The modes beside exact: what a sample says of programs whose true figures are known, what idle mode counts, and a
running process that is switched between all of them."""

from harness.case import IntegrationTest
from harness.configuration import configuration
from harness.report import Report
from harness.running import Target

# A miss of a true figure by six standard deviations is one run in a billion.
MOST_DEVIATIONS = 6


class ModesTest(IntegrationTest):
    def in_mode(self, mode, command, *options):
        native = self.run_command(command)
        run = self.trace_only(command, options=["--mode", mode, *options])
        self.assertEqual((run.status, run.stdout), (native.status, native.stdout), run.stderr)
        root = run.report.root
        self.assertEqual(root.data["mode"], mode)
        self.assertFalse(root.losses["exact"])
        return run, root

    def assert_near(self, estimate, deviation, truth):
        self.assertLessEqual(abs(estimate - truth), MOST_DEVIATIONS * deviation, f"{estimate} for {truth}")

    def test_a_sample_estimates_what_was_allocated_and_what_is_left(self):
        # A million blocks of 0 to 511 bytes that are freed, a thousand of 10 bytes that are kept.
        run, root = self.in_mode("sample", self.host("fills_the_ring"), "--sample-interval", "64KiB")
        self.assertEqual(root.data["sample_interval"], 64 << 10)
        allocated = sum(i % 512 for i in range(1_000_000)) + 10_000
        self.assert_near(root.totals["allocated_bytes"], root.totals["allocated_bytes_sd"], allocated)
        self.assertGreater(root.totals["allocated_bytes_sd"], 0)
        self.assertLess(root.totals["allocated_bytes_sd"], allocated / 10)
        # A block of s bytes counts for 64 Ki/(s + 1): a deviation of 30 000 for all of them.
        self.assert_near(root.totals["allocations"], 30_000, 1_001_000)
        self.assertLess(root.heap["live_bytes"], 1 << 20)
        summary = self.memwatch("report", run.session).stdout.decode()
        self.assertIn("sampled about every 64.0 KiB", summary)
        self.assertRegex(summary, r"allocated .*± ")

    def test_a_sample_interval_of_a_byte_sees_nearly_everything(self):
        _, root = self.in_mode("sample", self.host("every_c_entry_point"), "--sample-interval", "1")
        exact = self.trace_root(self.host("every_c_entry_point"))
        # Blocks of four bytes and more are always recorded, and stand for themselves.
        self.assertEqual(root.totals["allocated_bytes"], exact.totals["allocated_bytes"])
        self.assertEqual(root.heap["live_bytes"], exact.heap["live_bytes"])

    def test_failures_and_mappings_are_exact_in_a_sample(self):
        _, root = self.in_mode("sample", self.host("failed_c_calls"))
        exact = self.trace_root(self.host("failed_c_calls"))
        self.assertEqual(root.totals["failed"], exact.totals["failed"])
        _, root = self.in_mode("sample", self.host("mapping_arithmetic"))
        exact = self.trace_root(self.host("mapping_arithmetic"))
        for figure in ("maps", "unmaps", "mapped_bytes", "unmapped_bytes"):
            self.assertEqual(root.totals[figure], exact.totals[figure])

    def test_large_blocks_are_always_in_a_sample(self):
        _, root = self.in_mode("sample", self.host("large_untouched"), "--large", "1MiB")
        exact = self.trace(self.host("large_untouched"), options=["--large", "1MiB"]).report.root
        self.assertEqual(root.totals["large"], exact.totals["large"])
        self.assertEqual(
            [large["requested"] for large in root.data["large"]], [large["requested"] for large in exact.data["large"]]
        )

    def test_a_sampled_tree_of_threads_and_processes_runs_as_ever(self):
        for name in ("many_threads", "forks_and_both_allocate", "forks_while_threads_allocate", "frees_in_another_thread"):
            with self.subTest(host=name):
                self.in_mode("sample", self.host(name), "--sample-interval", "256")

    def test_idle_mode_counts_and_keeps_failures(self):
        _, root = self.in_mode("idle", self.host("fills_the_ring"))
        self.assertEqual(root.totals["allocations"], 1_001_000)
        self.assertEqual(root.totals["frees"], 1_000_000)
        self.assertEqual(root.totals["allocated_bytes"], sum(i % 512 for i in range(1_000_000)) + 10_000)
        _, root = self.in_mode("idle", self.host("failed_c_calls"))
        exact = self.trace_root(self.host("failed_c_calls"))
        self.assertEqual(root.totals["failed"], exact.totals["failed"])

    def test_a_running_process_is_switched_between_all_modes(self):
        target = Target(self, LD_PRELOAD=configuration.preload)
        for mode in ("idle", "sample", "exact", "sample", "idle", "exact"):
            with self.subTest(mode=mode):
                json_file = self.workspace.out / "mode.json"
                run = self.memwatch(
                    *["attach", "--mode", mode, "--sample-interval", "1KiB", "--duration", "500ms"],
                    *["--json", json_file, "-o", self.workspace.out / "mode.mw", target.pid],
                )
                self.assertEqual(run.status, 0, run.stderr)
                (process,) = Report(json_file).processes
                self.assertEqual(process.data["mode"], mode)
                self.assertGreater(process.totals["allocations"], 10)
                if mode == "exact":
                    self.assertEqual(
                        process.heap["live_bytes"], process.totals["allocated_bytes"] - process.totals["freed_bytes"]
                    )
                    self.assertEqual(process.losses["dropped_allocations"], 0)
        self.assertEqual(target.end(), (0, b"bye\n"))

    def test_a_wrong_mode_names_the_right_ones(self):
        run = self.memwatch("run", "--mode", "sampled", "--", *self.host("does_nothing"))
        self.assertEqual(run.status, 125)
        self.assertIn("did you mean `sample`", run.stderr)
