"""Signal handlers that allocate or map, also while they interrupt the shim."""

from harness.case import IntegrationTest


class SignalsTest(IntegrationTest):
    def test_a_handler_on_its_own_stack_allocates(self):
        root = self.trace_root(self.host("allocates_in_signal_handler"))
        sites = root.sites_through("on_signal")
        self.assertEqual(sum(site["live_bytes"] for site in sites), 640)
        self.assertEqual(sum(site["allocations"] for site in sites), 10)
        for site in sites:
            functions = root.report.functions(site["stack"])
            self.assertEqual(functions[0], "on_signal")
            self.assertIn("interrupted_function", functions, "the stack leads through the signal frame")
            self.assertIn("main", functions)

    def test_a_handler_maps_pages_while_the_program_allocates(self):
        root = self.trace_root(self.host("handler_maps_while_allocating"))
        handled = root.sum_through("report_count", "live_bytes") - 1_000_000
        self.assertGreaterEqual(handled, 10)
        self.assert_totals(root, maps=handled, unmaps=handled)
        self.assertEqual(root.mapped["live_bytes"], 0)

    def test_a_handler_allocates_while_the_program_maps(self):
        root = self.trace_root(self.host("handler_allocates_while_mapping"))
        handled = root.sum_through("report_count", "live_bytes") - 1_000_000
        self.assertGreaterEqual(handled, 10)
        self.assert_totals(root, allocations=2 * handled + 2, frees=handled)
        self.assertEqual(root.heap["live_bytes"], 56 * handled + 1 + 1_000_000 + handled)
