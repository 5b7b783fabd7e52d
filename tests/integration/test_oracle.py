"""memwatch against the counting interposer, to the byte: the deterministic hosts, and a random program
for many seeds and several numbers of threads (MEMWATCH_TEST_SEEDS seeds, default 12)."""

import unittest

from harness.case import IntegrationTest
from harness.configuration import configuration
from harness.oracle import differences, run_under_oracle

# Host programs whose numbers are the same on every run; with one thread also their peaks.
ONE_THREAD = (
    "does_nothing",
    "does_nothing_cxx",
    "every_c_entry_point",
    "every_cxx_entry_point",
    "zero_sizes",
    "strings_through_malloc",
    "failed_c_calls",
    "failed_new",
    "failed_mappings",
    "new_handler_gives_up",
    "cxx_containers",
    "own_operator_new",
    "mapping_arithmetic",
    "moves_the_break",
    "allocates_before_main",
    "allocates_at_exit",
    "allocates_in_signal_handler",
    "coroutine_stack",
    "peak_shares",
    "large_untouched",
    "recurses_deeply",
    "forks_and_both_allocate",
)
SEVERAL_THREADS = ("many_threads", "short_lived_threads", "thread_exit_destructors", "temporary_blocks")
MIXES = ("all", "heap", "mappings", "failures")
OPERATIONS = 3000


class OracleTest(IntegrationTest):
    def compare(self, command, with_peaks):
        counters = run_under_oracle(self.workspace, command)
        self.assertEqual(counters["oracle.unmatched_frees"], 0)
        root = self.trace_root(command)
        what = " ".join(map(str, command))
        self.assert_no_complaints(differences(counters, root, with_peaks), f"{what}, losses {root.losses}")

    def test_hosts_of_one_thread(self):
        for name in ONE_THREAD:
            with self.subTest(host=name):
                self.compare(self.host(name), with_peaks=True)

    def test_hosts_of_several_threads(self):
        for name in SEVERAL_THREADS:
            with self.subTest(host=name):
                self.compare(self.host(name), with_peaks=False)

    def random_program(self, threads):
        # Each number of threads gets seeds of its own; the mixes take turns.
        for seed in range(threads * 100_000, threads * 100_000 + max(1, configuration.seeds // 4)):
            mix = MIXES[seed % len(MIXES)]
            with self.subTest(seed=seed, threads=threads, mix=mix):
                command = [configuration.random_allocator, str(seed), str(threads), str(OPERATIONS), mix]
                self.compare(command, with_peaks=threads == 1)

    def test_random_program_with_1_thread(self):
        self.random_program(1)

    def test_random_program_with_2_threads(self):
        self.random_program(2)

    def test_random_program_with_4_threads(self):
        self.random_program(4)

    def test_random_program_with_8_threads(self):
        self.random_program(8)

    def test_random_program_with_16_threads(self):
        self.random_program(16)


if __name__ == "__main__":
    unittest.main()
