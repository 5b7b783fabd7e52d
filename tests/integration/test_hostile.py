"""Shared memory that is not what it was: somebody flips bits of a segment, or cuts it off, while it is read; and session
files that were cut off or changed. The collector goes on, ends in time, keeps its memory, and one line says what came of it.
"""

import random

from harness import hostile
from harness.case import IntegrationTest


class HostileTest(IntegrationTest):
    def test_bits_of_a_segment_flip_while_it_is_read(self):
        for seed in range(3):
            with self.subTest(seed=seed):
                self.assert_no_complaints(hostile.flip_bits(self.workspace, random.Random(seed)), "flips")

    def test_a_segment_that_is_cut_off_ends_nothing_but_its_own_recording(self):
        self.assert_no_complaints(hostile.cut_off(self.workspace), "cut off")

    def test_sessions_cut_off_anywhere_or_changed_are_read_as_far_as_they_go_or_refused_in_a_line(self):
        whole = self.trace_only(self.host("failed_c_calls")).session.read_bytes()
        damaged = self.workspace.out / "damaged.mw"
        at = random.Random(7)
        outcomes = set()
        for number in range(60):
            bytes_ = bytearray(whole)
            if number % 2 == 0:
                del bytes_[at.randrange(len(bytes_)) :]
            else:
                for _ in range(1 + number % 5):
                    bytes_[at.randrange(len(bytes_))] ^= 1 << at.randrange(8)
            damaged.write_bytes(bytes_)
            run = self.memwatch("report", "--view", at.choice(["summary", "leaks", "hotspots"]), damaged)
            self.assertIn(run.status, (0, 3), run.stderr)
            self.assertEqual(len(run.stderr.splitlines()), 1, f"{number}: {run.stderr}")
            outcomes.add(run.status)
        self.assertEqual(outcomes, {0, 3})


if __name__ == "__main__":
    import unittest

    unittest.main()
