"""Failed allocations of every kind: function, size asked for, errno, stack, count."""

from harness.case import IntegrationTest

HUGE = 1 << 63
BEYOND = 1 << 56
OVERFLOW = (1 << 64) - 1
ENOMEM, EINVAL = 12, 22


def failures_of(process, with_size=True):
    listed = []
    for failure in process.failures:
        entry = (failure["function"], failure["errno"]) + ((failure["requested"],) if with_size else ())
        listed += [entry] * failure["count"]
    return sorted(listed)


class FailuresTest(IntegrationTest):
    def test_every_c_function_failing(self):
        root = self.trace_root(self.host("failed_c_calls"))
        overflow_of_array = [f["requested"] for f in root.failures if f["function"] == "reallocarray"]
        self.assertEqual(
            failures_of(root),
            sorted(
                [
                    ("malloc", ENOMEM, HUGE),
                    ("calloc", ENOMEM, OVERFLOW),
                    ("calloc", ENOMEM, HUGE),
                    ("realloc", ENOMEM, HUGE),
                    ("realloc", ENOMEM, HUGE),
                    ("reallocarray", ENOMEM, overflow_of_array[0]),
                    ("aligned_alloc", ENOMEM, HUGE),
                    ("memalign", ENOMEM, HUGE),
                    ("valloc", ENOMEM, HUGE),
                    ("pvalloc", ENOMEM, HUGE),
                    ("posix_memalign", EINVAL, 100),
                    ("posix_memalign", ENOMEM, HUGE),
                ]
            ),
        )
        self.assert_totals(root, failed=12, allocations=1, reallocations=0, frees=0)
        self.assertEqual(root.heap["live_bytes"], 50, "a failed realloc leaves the old block alive")
        for failure in root.failures:
            self.assertEqual(failure["errno_name"], {ENOMEM: "ENOMEM", EINVAL: "EINVAL"}[failure["errno"]])
            self.assertFalse(failure["injected"])
            self.assertIn("main", root.report.functions(failure["stack"]))

    def test_operator_new_failing_counts_once_in_every_form(self):
        root = self.trace_root(self.host("failed_new"))
        self.assertEqual(failures_of(root), [("operator new", ENOMEM, HUGE)] * 8)
        self.assertEqual((root.calls("operator new"), root.failed("operator new")), (8, 8))
        self.assertEqual(root.failed("malloc"), 0)

    def test_a_new_handler_that_gives_up_is_one_failure(self):
        root = self.trace_root(self.host("new_handler_gives_up"))
        self.assertEqual(failures_of(root), [("operator new", ENOMEM, HUGE)])
        self.assertEqual(root.calls("operator new"), 1)

    def test_failed_mappings_count_and_a_failed_munmap_does_not(self):
        root = self.trace_root(self.host("failed_mappings"))
        self.assertEqual(
            failures_of(root, with_size=False),
            sorted(
                [
                    ("mmap", EINVAL),
                    ("mmap", ENOMEM),
                    ("mmap64", 9),
                    # Linux before 6.17 says ENOMEM for a length beyond the address space.
                    ("mremap", ENOMEM if ("mremap", ENOMEM) in failures_of(root, with_size=False) else EINVAL),
                    ("brk", ENOMEM),
                    ("sbrk", ENOMEM),
                ]
            ),
        )
        self.assertEqual(root.failed("munmap"), 0)
        self.assertEqual(root.mapped["live_bytes"], 4096)

    def test_the_limit_of_the_address_space(self):
        root = self.trace_root(self.host("limited_address_space"))
        self.assertEqual(failures_of(root), [("malloc", ENOMEM, 4 << 20)])
