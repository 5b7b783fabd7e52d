"""Threads: many at once, many in a row, frees by others, allocations at the end of a thread."""

from harness.case import IntegrationTest


class ThreadsTest(IntegrationTest):
    def test_many_threads_at_once(self):
        root = self.trace_root(self.host("many_threads"))
        of_threads = {
            field: root.sum_through("thread_allocates", field)
            for field in ("allocations", "live_blocks", "live_bytes", "temporary")
        }
        self.assertEqual(
            of_threads, {"allocations": 6400, "live_blocks": 3200, "live_bytes": 51200, "temporary": 3200}
        )

    def test_many_threads_in_a_row(self):
        root = self.trace_root(self.host("short_lived_threads"))
        self.assertEqual(root.sum_through("thread_allocates", "allocations"), 1000)
        self.assertEqual(root.sum_through("thread_allocates", "live_blocks"), 0)

    def test_blocks_freed_and_reallocated_by_the_other_thread(self):
        root = self.trace_root(self.host("frees_in_another_thread"))
        self.assertEqual(root.calls("malloc"), root.sum_through("exchange", "allocations"))
        self.assertEqual(root.calls("malloc"), 400_000)
        self.assertEqual(root.sum_through("exchange", "live_blocks"), 0)

    def test_allocations_in_destructors_of_threads(self):
        root = self.trace_root(self.host("thread_exit_destructors"))
        self.assertEqual(root.sum_through("~AllocatesAtExit", "live_bytes"), 3 * 321)
        self.assertEqual(root.sum_through("key_destructor", "live_bytes"), 3 * 654)
