"""mmap, munmap, mremap, brk and sbrk: the bytes really mapped and unmapped."""

from harness.case import IntegrationTest

PAGE = 4096


class MappingsTest(IntegrationTest):
    def test_partial_unmaps_overlays_and_remaps(self):
        root = self.trace_root(self.host("mapping_arithmetic"))
        self.assert_totals(root, maps=6, unmaps=3, mapped_bytes=44 * PAGE, unmapped_bytes=33 * PAGE)
        self.assertEqual(root.mapped["live_bytes"], 11 * PAGE)
        self.assertEqual(root.mapped["peak_bytes"], 20 * PAGE)
        calls = {name: root.calls(name) for name in ("mmap", "mmap64", "munmap", "mremap")}
        self.assertEqual(calls, {"mmap": 5, "mmap64": 1, "munmap": 3, "mremap": 2})
        self.assert_totals(root, allocations=0, allocated_bytes=0)

    def test_the_break_up_and_down(self):
        root = self.trace_root(self.host("moves_the_break"))
        self.assert_totals(root, mapped_bytes=12288, unmapped_bytes=4096)
        self.assertEqual((root.calls("brk"), root.calls("sbrk")), (1, 2), "sbrk(0) is no call")
        self.assertEqual(root.mapped["live_bytes"], 8192)
