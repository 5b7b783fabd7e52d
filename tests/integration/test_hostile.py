"""Shared memory that is not what it was: somebody flips bits of a segment, or cuts it off, while it is read; and session
files that were cut off or changed. The collector goes on, ends in time, keeps its memory, and one line says what came of it.
"""

import mmap
import os
import random
import re
import struct
import subprocess
import time

from harness.case import TIMEOUT_S, IntegrationTest, Run
from harness.configuration import configuration
from harness.report import Report
from harness.workspace import SHARED_MEMORY

FLIPS = 4000
MOST_MEMORY_KB = 400_000
# Geometry in the header (shared/segment_layout.h): eight offsets from byte 24 on, then the counts.
GEOMETRY = struct.Struct("<8Q5I")
RINGS_LOOKED_AT = 4 * 65536 * 16  # the four rings in use


class Recorded:
    """memwatch with a busy program, and the segment between them."""

    def __init__(self, test):
        self.test = test
        self.session = test.workspace.out / "session.mw"
        self.json_file = test.workspace.out / "report.json"
        command = [configuration.memwatch, "run", "-o", self.session, "--json", self.json_file, "--"]
        before = set(SHARED_MEMORY.glob("memwatch.*"))
        self.process = subprocess.Popen(
            [str(part) for part in [*command, *test.host("busy_until_end_of_input")]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=test.workspace.environment(), cwd=test.workspace.out,
        )  # fmt: skip
        test.assertEqual(self.process.stdout.readline(), b"ready\n")
        pids = self.descendants()
        new = [path for path in set(SHARED_MEMORY.glob("memwatch.*")) - before if int(path.name.split(".")[2]) in pids]
        test.assertEqual(len(new), 1, "segments of the program")
        self.segment = new[0]

    def descendants(self):
        listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, check=True)
        return {int(pid) for pid in listing.stdout.split()}

    def memory_kb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s*(\d+)", status.read())[1])

    def finish(self):
        self.memory = self.memory_kb()
        try:
            stdout, stderr = self.process.communicate(b"", timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        run = Run(subprocess.CompletedProcess([], self.process.returncode, stdout, stderr))
        self.test.assertTrue(self.json_file.exists(), run.stderr)
        run.report = Report(self.json_file)
        return run


class HostileTest(IntegrationTest):
    def judge(self, run, recorded, *, target_lives=True):
        if target_lives:
            self.assertEqual((run.status, run.stdout), (0, b"bye\n"), run.stderr)
        self.assertLess(recorded.memory, MOST_MEMORY_KB, "the collector's memory")
        losses = run.report.root.losses
        self.assertGreater(losses["damaged_records"], 0)
        self.assertFalse(losses["exact"])
        lines = [line for line in run.stderr.splitlines() if "damaged record" in line]
        self.assertEqual(len(lines), 1, run.stderr)
        shown = self.memwatch("report", recorded.session)
        self.assertEqual(shown.status, 0, shown.stderr)
        self.assertEqual(len(re.findall(rb"damaged record", shown.stdout)), 1, shown.stdout.decode())

    def test_bits_of_a_segment_flip_while_it_is_read(self):
        for seed in range(3):
            with self.subTest(seed=seed):
                at = random.Random(seed)
                recorded = Recorded(self)
                with open(recorded.segment, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
                    (size, slots, _, nodes, modules, names, flight, rings, *_) = GEOMETRY.unpack_from(memory, 24)
                    parts = [(slots, 4 * 128), (nodes, 400 * 16), (modules, 16 * 64), (names, 512), (flight, 1024)]
                    parts += [(rings, RINGS_LOOKED_AT)] * 5
                    self.assertLessEqual(rings + RINGS_LOOKED_AT, size)
                    for flip in range(FLIPS):
                        start, length = at.choice(parts)
                        # Read, changed and written in one go, as far as Python has one.
                        memory[start + at.randrange(length)] ^= 1 << at.randrange(8)
                        if flip % 100 == 0:
                            time.sleep(0.005)  # spread over the recording; nothing depends on how long
                self.judge(recorded.finish(), recorded)

    def test_a_segment_that_is_cut_off_ends_nothing_but_its_own_recording(self):
        # The program that writes to it is ended by that (SIGBUS), as it would be by cutting any file it has mapped.
        recorded = Recorded(self)
        os.truncate(recorded.segment, 8192)
        run = recorded.finish()
        self.judge(run, recorded, target_lives=False)
        self.assertTrue(any("shared memory" in note for note in run.report.root.data["notes"]), run.report.root.data)

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
