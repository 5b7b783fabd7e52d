"""The shim as a guest: what a program sees of itself, and programs that close, sandbox, leave and limit
everything around them."""

from harness import checks
from harness.case import IntegrationTest
from harness.configuration import configuration


class GuestTest(IntegrationTest):
    def test_a_program_sees_nothing_of_the_shim(self):
        self.trace(self.host("looks_at_itself"))

    def test_all_descriptors_closed(self):
        report = self.trace(self.host("closes_all_descriptors")).report
        self.assertEqual(report.root.sum_at("main", "live_bytes"), 10 + 20_000)
        self.assertEqual(report.root.sum_through("thread_allocates", "live_bytes"), 7000)
        (child,) = [process for process in report.processes if process is not report.root]
        self.assertEqual(child.heap["live_bytes"], 30)

    def test_a_seccomp_filter_that_kills(self):
        root = self.trace_root(self.host("sandboxes_itself"))
        self.assert_totals(root, allocations=101_001, frees=100_000)
        self.assertEqual(root.heap["live_bytes"], 100 + 3_000_000)

    def test_another_root_and_another_user(self):
        # The child that is forked there may be out of reach; the root process may not.
        command = self.host("changes_root_and_user")
        native = self.run_command(command)
        run = self.trace_only(command)
        self.assertEqual((run.status, run.stdout), (native.status, native.stdout))
        complaints = checks.check_exact(run.report.root, children_may_be_missing=True)
        self.assert_no_complaints(complaints, "root process")
        self.assertEqual(run.report.root.heap["live_bytes"], 10 + 20_000)

    def test_a_coroutine_on_a_stack_of_its_own(self):
        root = self.trace_root(self.host("coroutine_stack"))
        self.assertEqual(root.sum_through("coroutine_allocates", "live_bytes"), 24_000)
        self.assertEqual(root.heap["live_bytes"], 32_000)

    def test_preloaded_without_any_collector_a_program_runs_as_ever(self):
        for name in ("every_c_entry_point", "looks_at_itself", "forks_and_both_allocate", "many_threads"):
            with self.subTest(host=name):
                native = self.run_command(self.host(name))
                preloaded = self.run_command(self.host(name), LD_PRELOAD=configuration.preload)
                self.assertEqual(preloaded.status, native.status)
                self.assertEqual(preloaded.stdout, native.stdout)
                self.assertEqual(preloaded.stderr, native.stderr)
