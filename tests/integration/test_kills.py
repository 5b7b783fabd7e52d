"""One side or the other is killed, stopped or starved at a random moment, a few times each; scripts/soak does the same
hundreds of times. The judgement is in harness/kills.py."""

import os
import random
import unittest

from harness import kills
from harness.case import IntegrationTest
from test_trouble import namespace_command

TRIES = 6


class KillsTest(IntegrationTest):
    namespace = namespace_command()

    def tries(self, one, count=TRIES):
        # The seed is told, so that a failure can be had again.
        for number in range(count):
            seed = random.randrange(1 << 30)
            generator = random.Random(seed)
            with self.subTest(number=number, seed=seed):
                complaints = one(number, generator)
                self.assertFalse(complaints, "\n  ".join(["", *(complaints or [])]))
            kills.remove_everything(self.workspace)

    def test_the_target_is_killed(self):
        self.tries(lambda number, at: kills.kill_target(self.workspace, at.uniform(0, 0.1), *["forks"][: number % 2]))

    def test_the_collector_is_killed(self):
        self.tries(
            lambda number, at: kills.kill_collector(
                self.workspace, at.uniform(0, 0.2), *["forks"][: number % 2], take_over=number % 3 == 0
            )
        )

    def test_who_checks_a_living_process_for_leaks_is_killed(self):
        self.workspace.collector_was_killed = True
        seed = random.randrange(1 << 30)
        complaints, killed = kills.kill_during_checks(self.workspace, random.Random(seed), 40)
        self.assertFalse(complaints, "\n  ".join([f"seed {seed}", *complaints]))
        self.assertGreater(killed, 0)

    def test_the_collector_is_stopped_for_a_while(self):
        self.tries(lambda _, at: kills.stop_collector(self.workspace, at.uniform(0, 0.1), at.uniform(0.1, 2)), 2)

    def test_the_collector_is_stopped_and_events_may_be_lost(self):
        self.tries(lambda _, at: kills.stop_collector(self.workspace, 0.05, 1, options=["--on-full", "drop"]), 2)

    def test_little_room(self):
        if self.namespace is None:
            self.skipTest("no mount namespaces here (they need root, or user namespaces)")
        for where, sizes in (("/dev/shm", [4, 64, 350, 500, 900]), (None, [4, 8])):
            self.tries(
                lambda _, at, where=where, sizes=sizes: kills.run_with_little_room(
                    self.workspace, self.namespace, f"{at.choice(sizes)}k", where
                ),
                3,
            )

    def test_out_of_memory_in_a_cgroup(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to make a cgroup")
        complaints = kills.out_of_memory(self.workspace, 64 << 20)
        if complaints is None:
            self.skipTest("no memory cgroup can be made here")
        self.assertFalse(complaints, "\n  ".join(["", *complaints]))


if __name__ == "__main__":
    unittest.main()
