"""Stacks: from the caller of malloc to main or the start of the thread, with file and line, inlined
frames and demangled names."""

from harness.case import IntegrationTest
from harness.configuration import configuration


def line_of(source, marker):
    """The line that carries this comment in the host's source."""
    lines = (configuration.sources / source).read_text().splitlines()
    numbers = [number for number, line in enumerate(lines, 1) if line.rstrip().endswith(marker)]
    assert len(numbers) == 1, f"{marker} in {source}: {numbers}"
    return numbers[0]


class StacksTest(IntegrationTest):
    def site_of_size(self, process, size):
        sites = [site for site in process.sites if site["allocated_bytes"] == size]
        self.assertEqual(len(sites), 1, f"sites of {size} bytes")
        return process.report.frames(sites[0]["stack"])

    def assert_frame(self, frame, function, source, marker):
        self.assertEqual(frame["function"], function)
        self.assertTrue((frame["file"] or "").endswith(source), frame)
        self.assertEqual(frame["line"], line_of(source, marker), frame)

    def test_a_known_stack_reaches_main_with_every_line(self):
        root = self.trace_root(self.host("known_stack"))
        frames = self.site_of_size(root, 512)
        expected = [("gamma_allocates", "gamma"), ("beta", "beta"), ("alpha", "alpha"), ("main", "main")]
        for frame, (function, marker) in zip(frames, expected):
            self.assert_frame(frame, function, "known_stack.c", f"/* {marker} */")
            self.assertEqual(frame["module"], str(configuration.hosts / "known_stack"))
            self.assertFalse(frame["inlined"])
        self.assertGreaterEqual(len(frames), 4)

    def test_a_stack_of_a_thread_reaches_its_start_function(self):
        root = self.trace_root(self.host("known_stack"))
        functions = [frame["function"] for frame in self.site_of_size(root, 1024)]
        self.assertEqual(functions[:4], ["gamma_allocates", "beta", "alpha", "thread_main"])
        self.assertNotIn("main", functions)

    def test_no_known_stack_is_cut_short(self):
        root = self.trace_root(self.host("known_stack"))
        self.assertEqual(root.losses["truncated_stacks"], 0)

    def test_a_program_with_gaps_between_its_segments(self):
        # glibc tells the segment that a pc is in; the tables, and the build id, are in others.
        root = self.trace_root(self.host("known_stack_with_gaps"))
        functions = [frame["function"] for frame in self.site_of_size(root, 512)]
        self.assertEqual(functions[:4], ["gamma_allocates", "beta", "alpha", "main"])
        self.assertEqual(root.losses["truncated_stacks"], 0)

    def test_inlined_frames_and_demangled_names(self):
        root = self.trace_root(self.host("known_stack_inlined"))
        frames = self.site_of_size(root, 1024)
        source = "known_stack_inlined.cpp"
        self.assertIn("allocate_here", frames[0]["function"])
        self.assertTrue(frames[0]["inlined"])
        self.assertEqual(frames[0]["line"], line_of(source, "// allocate_here"))
        self.assertIn("outer::Holder<int>::fill", frames[1]["function"])
        self.assertFalse(frames[1]["inlined"])
        self.assertEqual(frames[1]["line"], line_of(source, "// fill"))
        self.assert_frame(frames[2], "main", source, "// main")

    def test_deep_recursion_is_whole_or_counted_as_truncated(self):
        root = self.trace_root(self.host("recurses_deeply"))
        self.assertEqual(root.sum_through("descend", "allocations"), 21)
        cut = sum(
            site["allocations"]
            for site in root.sites_through("descend")
            if "main" not in root.report.functions(site["stack"])
        )
        self.assertEqual(root.losses["truncated_stacks"] > 0, cut > 0)
