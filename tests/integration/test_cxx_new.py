"""operator new and delete in every form, and programs with an operator new of their own."""

from harness.case import IntegrationTest


class CxxNewTest(IntegrationTest):
    def noise(self):
        """What the C++ runtime allocates before main, to be subtracted."""
        return self.trace_root(self.host("does_nothing_cxx"))

    def test_every_form_counts_once_as_operator_new_or_delete(self):
        noise = self.noise()
        root = self.trace_root(self.host("every_cxx_entry_point"))
        self.assertEqual((root.calls("operator new"), root.bytes("operator new")), (13, 210 + 2100))
        self.assertEqual(root.calls("operator delete"), 12)
        self.assertEqual(root.calls("malloc"), noise.calls("malloc"), "new that ends in malloc is one call")
        self.assertEqual(root.calls("free"), noise.calls("free"))
        self.assertEqual(root.totals["allocations"], noise.totals["allocations"] + 13)
        self.assertEqual(root.totals["frees"], noise.totals["frees"] + 12)
        self.assertEqual(root.heap["live_bytes"], noise.heap["live_bytes"])

    def test_an_operator_new_of_the_program_counts_once(self):
        noise = self.noise()
        root = self.trace_root(self.host("own_operator_new"))
        self.assertEqual(root.totals["allocations"], noise.totals["allocations"] + 11)
        self.assertEqual(root.heap["live_blocks"], noise.heap["live_blocks"] + 10)
        self.assertEqual(root.heap["live_bytes"], noise.heap["live_bytes"] + 1000)

    def test_containers_and_exceptions(self):
        root = self.trace_root(self.host("cxx_containers"))
        self.assertGreater(root.calls("operator new"), 100)
        self.assertEqual(root.sum_through("catch_some", "live_blocks"), 0)
