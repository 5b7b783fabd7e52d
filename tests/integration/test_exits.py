"""However a program ends, its status is passed on and its last block is there; so are the blocks from
before main and after it."""

from harness.case import IntegrationTest

SIGKILL = 9


class ExitsTest(IntegrationTest):
    def ends(self, way, kind, number):
        root = self.trace_root(self.host("exits_in_a_way", way))
        field = "code" if kind == "exited" else "signal"
        self.assertEqual((root.exit["kind"], root.exit[field]), (kind, number))
        self.assertEqual(root.sum_through("allocate", "live_bytes"), 100)

    def test_return(self):
        self.ends("return", "exited", 42)

    def test_exit(self):
        self.ends("exit", "exited", 3)

    def test_underscore_exit(self):
        self.ends("_exit", "exited", 4)

    def test_quick_exit(self):
        self.ends("quick_exit", "exited", 5)

    def test_exit_by_system_call(self):
        self.ends("exit_group", "exited", 6)

    def test_abort(self):
        self.ends("abort", "signaled", 6)

    def test_segmentation_fault(self):
        self.ends("segv", "signaled", 11)

    def test_termination(self):
        self.ends("term", "signaled", 15)

    def test_kill(self):
        self.ends("kill", "signaled", 9)

    def test_blocks_from_before_main(self):
        root = self.trace_root(self.host("allocates_before_main"))
        sizes = {
            name: root.sum_through(name, "live_bytes")
            for name in ("allocate_in_preinit", "allocate_in_constructor", "allocate_in_initialiser")
        }
        self.assertEqual(
            sizes, {"allocate_in_preinit": 303, "allocate_in_constructor": 101, "allocate_in_initialiser": 202}
        )

    def test_blocks_from_after_main(self):
        root = self.trace_root(self.host("allocates_at_exit"))
        sizes = {
            name: root.sum_through(name, "live_bytes")
            for name in ("allocate_in_atexit", "~AllocatesInDestructor", "allocate_in_destructor_function")
        }
        self.assertEqual(
            sizes,
            {"allocate_in_atexit": 404, "~AllocatesInDestructor": 505, "allocate_in_destructor_function": 606},
        )

    def test_main_returns_while_threads_allocate(self):
        root = self.trace_root(self.host("exits_with_threads_running"))
        self.assertGreater(root.sum_through("churn", "allocations"), 0)

    def test_killed_while_threads_allocate(self):
        root = self.trace_root(self.host("kills_itself_while_allocating"))
        self.assertEqual((root.exit["kind"], root.exit["signal"]), ("signaled", SIGKILL))
        self.assertEqual(root.sum_through("main_allocates", "live_bytes"), 10_000)

    def test_session_names_are_filled_in(self):
        pattern = self.workspace.out / "named-%e-%p.mw"
        run = self.memwatch("run", "--quiet", "-o", pattern, "--", *self.host("allocates_once"))
        self.assertEqual(run.status, 5)
        names = [path.name for path in self.workspace.out.glob("named-*")]
        self.assertEqual(len(names), 1, names)
        self.assertRegex(names[0], r"^named-allocates_once-[0-9]+\.mw$")
