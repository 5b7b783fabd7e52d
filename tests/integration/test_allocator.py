"""Programs served by mimalloc instead of libc: the same figures to the byte, or a clear refusal."""

from harness.case import IntegrationTest
from harness.configuration import configuration
from harness.oracle import differences, run_under_oracle

MIMALLOC = ("--allocator", "mimalloc")
# Not among them: failed_c_calls and the like, since what one allocator refuses another may serve.
HOSTS = ("every_c_entry_point", "every_cxx_entry_point", "cxx_containers", "failed_new", "peak_shares")


# libc gives each thread a vector with an entry for each library that has thread-local variables, and mimalloc is one
# more of them.
BYTES_MORE_PER_THREAD = 16


class AllocatorTest(IntegrationTest):
    def compare(self, command, threads):
        root = self.trace(command, options=MIMALLOC).report.root
        counters = run_under_oracle(self.workspace, command)
        for name in ("totals.allocated_bytes", "heap.live_bytes", "functions.calloc.bytes"):
            if threads > 0:
                counters[name] += BYTES_MORE_PER_THREAD * threads
        self.assert_no_complaints(differences(counters, root, with_peaks=threads == 0), " ".join(map(str, command)))


    def test_hosts_served_by_mimalloc_count_as_ever(self):
        for name in HOSTS:
            with self.subTest(host=name):
                self.compare(self.host(name), threads=0)

    def test_random_programs_served_by_mimalloc_count_as_ever(self):
        for threads in (1, 4):
            for seed in range(max(1, configuration.seeds // 6)):
                with self.subTest(seed=seed, threads=threads):
                    command = [configuration.random_allocator, str(seed), str(threads), "3000", "heap"]
                    self.compare(command, threads=threads if threads > 1 else 0)

    def test_it_is_mimalloc_that_serves(self):
        # mimalloc's blocks of 64 bytes lie 64 bytes apart, libc's 80.
        run = self.trace(self.host("distance_of_blocks"), options=MIMALLOC, same_output=False)
        self.assertEqual((self.run_command(self.host("distance_of_blocks")).stdout, run.stdout), (b"80\n", b"64\n"))

    def test_children_are_served_by_it_too(self):
        command = ["sh", "-c", '"$1"; "$1"', "sh", self.host("distance_of_blocks")[0]]
        run = self.trace(command, options=MIMALLOC, same_output=False)
        self.assertEqual(run.stdout, b"64\n64\n")

    def test_a_program_with_its_own_malloc_is_refused(self):
        run = self.memwatch("run", *MIMALLOC, "--", *self.host("own_malloc"))
        self.assertEqual((run.status, run.stdout), (125, b""))
        self.assertIn("brings its own allocator", run.stderr)
