"""Libraries that are gone before the end keep their symbols in the report."""

from harness.case import IntegrationTest
from harness.configuration import configuration


class DlopenTest(IntegrationTest):
    def test_leaks_of_two_unloaded_libraries_are_told_apart(self):
        libraries = {
            "leak_from_first": (configuration.hosts / "libleaking_first.so", 3 * 777),
            "leak_from_second": (configuration.hosts / "libleaking_second.so", 3 * 888),
        }
        command = self.host("loads_and_unloads_libraries", *(path for path, _ in libraries.values()))
        root = self.trace_root(command)
        for function, (path, size) in libraries.items():
            sites = root.sites_through(function)
            self.assertEqual(sum(site["live_bytes"] for site in sites), size, function)
            frame = root.report.frames(sites[0]["stack"])[0]
            self.assertEqual(frame["function"], function)
            self.assertEqual(frame["module"], str(path))
            self.assertTrue(frame["file"].endswith("leaking_library.c"), frame)
            self.assertIn("main", root.report.functions(sites[0]["stack"]))
