"""Every C entry point, sizes of zero, temporary blocks, shares of the peak, large allocations."""

from harness.case import IntegrationTest

GIB = 1 << 30


class EntryPointsTest(IntegrationTest):
    def test_a_program_that_allocates_nothing_has_empty_totals(self):
        root = self.trace_root(self.host("does_nothing"))
        self.assert_totals(root, allocations=0, frees=0, allocated_bytes=0, failed=0, maps=0)
        self.assertEqual(root.exit, {**root.exit, "kind": "exited", "code": 0})

    def test_every_c_entry_point_counts_once_with_the_size_asked_for(self):
        root = self.trace_root(self.host("every_c_entry_point"))
        self.assert_totals(
            root,
            allocations=12,
            reallocations=2,
            frees=11,
            allocated_bytes=7325,
            freed_bytes=7314,
            failed=0,
        )
        self.assertEqual((root.heap["live_blocks"], root.heap["live_bytes"]), (1, 11))
        self.assertEqual(root.heap["peak_bytes"], 1024)
        sizes = {
            "malloc": (3, 1111),
            "calloc": (1, 150),
            "realloc": (2, 500),
            "reallocarray": (2, 900),
            "posix_memalign": (1, 600),
            "aligned_alloc": (2, 1664),
            "memalign": (1, 700),
            "valloc": (1, 800),
            "pvalloc": (1, 900),
        }
        for function, (calls, size) in sizes.items():
            self.assertEqual((root.calls(function), root.bytes(function)), (calls, size), function)
        self.assertEqual([root.calls(f) for f in ("free", "free_sized", "free_aligned_sized")], [9, 1, 1])

    def test_zero_sizes(self):
        root = self.trace_root(self.host("zero_sizes"))
        self.assert_totals(
            root, allocations=5, reallocations=0, frees=4, allocated_bytes=48, freed_bytes=48, failed=0
        )
        self.assertEqual((root.heap["live_blocks"], root.heap["live_bytes"]), (1, 0))
        self.assertEqual(root.calls("free"), 1, "free(NULL) counts nowhere")

    def test_strings_of_libc_count_as_malloc(self):
        root = self.trace_root(self.host("strings_through_malloc"))
        self.assertGreaterEqual(root.calls("malloc"), 4)
        self.assertEqual(root.heap["live_blocks"], 0)

    def test_errno_is_kept(self):
        self.trace(self.host("keeps_errno"))

    def test_temporary_blocks(self):
        root = self.trace_root(self.host("temporary_blocks"))
        through = {
            name: root.sum_through(name, "temporary")
            for name in ("freed_at_once", "first_of_two", "reallocated", "freed_elsewhere")
        }
        self.assertEqual(
            through, {"freed_at_once": 100, "first_of_two": 50, "reallocated": 0, "freed_elsewhere": 0}
        )

    def test_shares_of_the_peak(self):
        root = self.trace_root(self.host("peak_shares"))
        self.assertEqual(root.heap["peak_bytes"], 3_500_000)
        shares = {
            name: (
                root.sum_through(name, "peak_bytes"),
                root.sum_through(name, "own_peak_bytes"),
                root.sum_through(name, "live_bytes"),
            )
            for name in ("first_grows", "second_grows", "third_grows")
        }
        self.assertEqual(
            shares,
            {
                "first_grows": (1_000_000, 3_000_000, 1_000_000),
                "second_grows": (1_500_000, 1_500_000, 0),
                "third_grows": (1_000_000, 1_000_000, 1_000_000),
            },
        )

    def test_large_allocations_are_listed(self):
        root = self.trace_root(self.host("large_untouched"))
        large = sorted((entry["function"], entry["requested"]) for entry in root.data["large"])
        self.assertEqual(large, [("calloc", 5 * GIB // 4), ("malloc", 3 * GIB // 2)])
        self.assertEqual(root.totals["large"], 2)
        for entry in root.data["large"]:
            self.assertIn("main", root.report.functions(entry["stack"]))
            self.assertRegex(entry["address"], "^0x[0-9a-f]+$")

    def test_the_threshold_of_large_allocations_can_be_set(self):
        root = self.trace_root(self.host("large_untouched"), options=["--large", "1000MiB"])
        self.assertEqual(root.totals["large"], 3)

    def test_a_million_blocks_at_full_speed_lose_nothing(self):
        root = self.trace_root(self.host("fills_the_ring"))
        self.assert_totals(root, allocations=1_001_000, frees=1_000_000, temporary=1_000_000)
        self.assertEqual(root.heap["live_bytes"], 10_000)

    def test_a_program_with_its_own_malloc_runs_unharmed(self):
        run = self.trace(self.host("own_malloc"))
        self.assertEqual(run.report.root.calls("malloc"), 0)

    def test_a_program_whose_own_malloc_maps_memory_under_its_lock_runs_unharmed(self):
        run = self.trace(self.host("own_malloc_maps_under_lock"))
        chunks = int(run.stdout.split()[3])
        self.assertEqual(run.report.root.sum_through("main", "allocations"), 0)
        # The chunks from before the shim's constructor are out of reach: see has_own_allocator.
        self.assertGreaterEqual(run.report.root.calls("mmap"), chunks)
