"""Leak checks of processes that are not recorded exactly: what they allocate is watched for a while, and that alone
is judged. The recording that goes on is right to the byte, and whatever ends a check gives the process its mode back.
"""

import glob
import json
import os
import signal
import struct
import subprocess
import time

from harness.case import IntegrationTest
from harness.configuration import configuration

IDLE, EXACT, SAMPLE, SAMPLE_WATCHED, IDLE_WATCHED = 0, 1, 2, 3, 5
CONTROL_OFFSET = 192  # of SegmentHeader::control
# A sample in which every block of four bytes and more is, and stands for itself.
EVERY_BYTE = ("--sample-interval", "1")


def wait_for(condition, what):
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.02)


class WatchedLeaksTest(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.processes = []

    def tearDown(self):
        for process in self.processes:
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        super().tearDown()

    def start(self, command, **environment):
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.workspace.environment(**environment),
        )
        self.processes.append(process)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def tell(self, process, line=b"\n"):
        process.stdin.write(line)
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), b"ready\n")

    def recorded(self, mode, *options):
        """A collector, and the process that it records."""
        session = self.workspace.out / f"{mode}.mw"
        command = [configuration.memwatch, "run", "-q", "--mode", mode, *options, "-o", session]
        memwatch = self.start([*command, "--", *self.host("leaks_while_watched")])
        with open(f"/proc/{memwatch.pid}/task/{memwatch.pid}/children") as file:
            return memwatch, int(file.read())

    def control(self, pid):
        (segment,) = glob.glob(f"/dev/shm/memwatch.{os.getuid()}.{pid}.*")
        with open(segment, "rb") as file:
            file.seek(CONTROL_OFFSET)
            return struct.unpack("<I", file.read(4))[0]

    def wait_for_control(self, pid, mode):
        wait_for(lambda: self.control(pid) == mode, f"mode {mode} of process {pid}")

    def begin_check(self, pid, *options):
        """Returns once the process is watched."""
        check = subprocess.Popen(
            [str(part) for part in (configuration.memwatch, "leaks", *options, pid)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.workspace.environment(),
        )
        self.processes.append(check)
        self.assertRegex(check.stderr.readline().decode(), rf"^memwatch: watching what process {pid} allocates for ")
        return check

    def end_check(self, check):
        check.send_signal(signal.SIGINT)  # as Ctrl-C does
        return check.communicate(timeout=60)

    def assert_verdicts(self, leaks, lines, realloc=True):
        """What was allocated for so many lines while it was watched, and nothing else."""
        self.assertEqual((leaks["method"], leaks["complete"]), ("reachability", False))
        self.assertGreater(leaks["watched_seconds"], 0)
        self.assertRegex(leaks["reason"], r"^only blocks allocated in the last [0-9.]+ s were judged")
        self.assertNotIn("lost", leaks["reason"])
        self.assertEqual((leaks["definite_bytes"], leaks["definite_blocks"]), (1500 * lines, lines))
        self.assertEqual((leaks["indirect_blocks"], leaks["possible_blocks"], leaks["suppressed_blocks"]), (0, 0, 0))
        self.assertEqual(
            (leaks["reachable_bytes"], leaks["reachable_blocks"]), (1100 * lines + 640 * realloc, lines + realloc)
        )
        self.assertGreater(leaks["pause_ms"], 0)

    def judge(self, process, pid, lines=5, early=2):
        """`early`: blocks of before that go meanwhile."""
        check = self.begin_check(pid, "--json", "-", "--duration", "10m")
        self.tell(process, b"r\n")
        for _ in range(lines - 1):
            self.tell(process)
        output, errors = self.end_check(check)
        self.assertEqual((check.returncode, errors), (1, b""))
        (judged,) = json.loads(output)["processes"]
        self.assertEqual((judged["pid"], judged["mode"]), (pid, "exact"))
        self.assert_verdicts(judged["leaks"], lines)
        self.assertEqual((judged["totals"]["allocations"], judged["totals"]["reallocations"]), (3 * lines, 1))
        self.assertEqual(judged["heap"]["live_bytes"], 2600 * lines + 640)
        # The 700 that are freed, and the 600 that become 640.
        self.assertEqual(judged["losses"]["unmatched_frees"], early)
        return judged

    def test_a_process_that_nobody_records(self):
        process = self.start(self.host("leaks_while_watched"), LD_PRELOAD=configuration.preload)
        self.tell(process)
        self.judge(process, process.pid)
        self.wait_for_control(process.pid, IDLE)
        self.tell(process)
        run = self.memwatch("leaks", "--duration", "200ms", process.pid)
        self.assertEqual(run.status, 0, run.stderr)
        self.assertIn("nothing that was allocated in the last", run.stdout.decode())

    def figures_after(self, mode, options, with_check):
        memwatch, pid = self.recorded(mode, *options)
        self.tell(memwatch)
        if with_check:
            self.judge(memwatch, pid)
            self.wait_for_control(pid, SAMPLE if mode == "sample" else IDLE)
            self.tell(memwatch)
            self.judge(memwatch, pid, 3, early=1)  # and once more
        else:
            self.tell(memwatch, b"r\n")
            for _ in range(5):
                self.tell(memwatch)
            self.tell(memwatch, b"r\n")
            for _ in range(2):
                self.tell(memwatch)
        memwatch.stdin.close()
        self.assertEqual(memwatch.wait(timeout=60), 0)
        json_file = self.workspace.out / "figures.json"
        run = self.memwatch("report", "--format", "json", "-o", json_file, self.workspace.out / f"{mode}.mw")
        self.assertEqual(run.status, 0, run.stderr)
        (process,) = json.loads(json_file.read_text())["processes"]
        self.assertEqual(process["mode"], mode)
        functions = {name: (row["calls"], row["bytes"]) for name, row in process["functions"].items()}
        heap = {name: value for name, value in process["heap"].items() if name != "peak_at"}
        sites = sorted((s["allocations"], s["allocated_bytes"], s["live_blocks"], s["live_bytes"]) for s in process["sites"])
        return process["totals"], heap, functions, process["losses"], sites

    def test_a_sample_goes_on_as_if_nothing_had_been_asked(self):
        checked = self.figures_after("sample", EVERY_BYTE, True)
        self.assertEqual(checked, self.figures_after("sample", EVERY_BYTE, False))
        totals, heap, *_ = checked
        # 10 lines; 600, 700, 5000 and the table of before.
        self.assertEqual(totals["allocations"], 4 + 10 * 3)
        self.assertEqual(heap["live_bytes"], 10 * 2600 + 5000 + 4096 * 8 + 640)
        self.assertEqual(totals["frees"], 10 + 1)

    def test_the_counters_of_an_idle_process_go_on_as_if_nothing_had_been_asked(self):
        self.assertEqual(self.figures_after("idle", (), True), self.figures_after("idle", (), False))

    def test_the_text_says_what_was_judged(self):
        memwatch, pid = self.recorded("sample")
        check = self.begin_check(pid, "--duration", "10m")
        self.tell(memwatch)
        text = self.end_check(check)[0].decode()
        self.assertEqual(check.returncode, 1)
        self.assertRegex(text, r"\nJudged: what was allocated in the last [0-9.]+ m?s and not freed, 2\.5 KiB in 2 blocks\.\nWhat the process had before is not known\.")
        self.assertIn("Leaked for certain: 1.5 KiB in 1 block", text)
        self.assertIn("lose", text)
        self.assertRegex(text, r"The process stood still for [0-9.]+ ms")
        # The time that was asked for ends by itself as well.
        run = self.memwatch("leaks", "--duration", "300ms", "--who-holds", "^hold$", pid)
        self.assertEqual(run.status, 0, run.stderr)

    def test_a_command_that_is_killed_leaves_the_mode_as_it_was(self):
        for mode, plain, watched in (("sample", SAMPLE, SAMPLE_WATCHED), ("idle", IDLE, IDLE_WATCHED)):
            memwatch, pid = self.recorded(mode)
            check = self.begin_check(pid, "--duration", "10m")
            self.wait_for_control(pid, watched)
            check.kill()
            check.wait()
            self.wait_for_control(pid, plain)
            self.judge(memwatch, pid)  # the next is not in its way

    def test_a_command_that_is_ended_lets_a_process_go_that_nobody_else_records(self):
        process = self.start(self.host("leaks_while_watched"), LD_PRELOAD=configuration.preload)
        check = self.begin_check(process.pid, "--duration", "10m")
        self.assertEqual(self.control(process.pid), EXACT)
        check.terminate()
        self.assertEqual(check.wait(timeout=60), -signal.SIGTERM)
        self.wait_for_control(process.pid, IDLE)
        self.judge(process, process.pid)

    def test_a_process_whose_collector_is_killed_does_not_stay_watched(self):
        for mode in ("sample", "idle"):
            memwatch, pid = self.recorded(mode, "--on-full", "drop")
            check = self.begin_check(pid, "--duration", "10m")
            memwatch.kill()
            memwatch.wait()
            _, errors = check.communicate(timeout=60)
            self.assertEqual(check.returncode, 3, errors)
            self.assertRegex(errors.decode(), r"^memwatch: [^\n]+ended without an answer\n$")
            # Once its ring is full, it finds that nobody is there.
            memwatch.stdin.write(b"b")
            memwatch.stdin.flush()
            self.wait_for_control(pid, IDLE)
            self.tell(memwatch)
        # The next one clears away what a killed one leaves.
        run = self.memwatch("run", "-q", "-o", self.workspace.out / "next.mw", "--", *self.host("does_nothing"))
        self.assertEqual(run.status, 0, run.stderr)

    def test_a_second_command_is_told_of_the_first(self):
        memwatch, pid = self.recorded("sample")
        first = self.begin_check(pid, "--json", "-", "--duration", "10m")
        second = self.memwatch("leaks", pid)
        self.assertEqual((second.status, second.stdout), (2, b""), second.stderr)
        self.assertRegex(second.stderr, rf"^memwatch: [^\n]*process {pid}: another check of it is under way, [^\n]+\n$")
        self.tell(memwatch)
        output, _ = self.end_check(first)
        self.assert_verdicts(json.loads(output)["processes"][0]["leaks"], 1, False)

    def test_a_process_that_ends_meanwhile(self):
        memwatch, pid = self.recorded("idle")
        check = self.begin_check(pid, "--duration", "10m")
        memwatch.stdin.close()
        _, errors = check.communicate(timeout=60)
        self.assertEqual(check.returncode, 2)
        self.assertRegex(errors.decode(), rf"^memwatch: [^\n]*process {pid}: it has ended meanwhile\n$")
        self.assertEqual(memwatch.wait(timeout=60), 0)
