"""Processes that already run: list, attach, detach, attach again, several at once; collectors that are
killed; children that outlive a run."""

import os
import signal
import subprocess
import time

from harness.case import TIMEOUT_S, IntegrationTest
from harness.checks import check_sums
from harness.configuration import configuration
from harness.report import Report
from harness.running import Target


def wait_until(condition, what):
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.02)


class AttachTest(IntegrationTest):
    def start_target(self):
        return Target(self, LD_PRELOAD=configuration.preload)

    def attach(self, *arguments):
        self._sessions += 1
        json_file = self.workspace.out / f"attach-{self._sessions}.json"
        session = self.workspace.out / f"attach-{self._sessions}.mw"
        run = self.memwatch("attach", "--duration", "1s", "--json", json_file, "-o", session, *arguments)
        self.assertEqual(run.status, 0, run.stderr)
        run.report = Report(json_file)
        run.session = session
        return run

    def assert_recorded(self, process):
        """A second of a program that makes two blocks a millisecond, one of which it keeps."""
        self.assertEqual(process.exit["kind"], "running")
        self.assertGreaterEqual(process.sum_through("tick_allocates", "allocations"), 10)
        self.assertGreaterEqual(process.sum_through("tick_allocates", "temporary"), 5)
        self.assertEqual(process.losses["dropped_allocations"], 0)
        self.assertEqual(
            process.heap["live_bytes"], process.totals["allocated_bytes"] - process.totals["freed_bytes"]
        )
        self.assert_no_complaints(check_sums(process), "attached")

    def test_attach_and_attach_again(self):
        target = self.start_target()
        for _ in range(2):
            (process,) = self.attach(str(target.pid)).report.processes
            self.assertEqual(process.pid, target.pid)
            self.assert_recorded(process)
        self.assertEqual(target.end(), (0, b"bye\n"))

    def test_list_and_attach_to_all(self):
        targets = [self.start_target() for _ in range(2)]
        listed = self.memwatch("list")
        self.assertEqual(listed.status, 0)
        for target in targets:
            lines = [line for line in listed.stdout.decode().splitlines() if str(target.pid) in line.split()]
            self.assertEqual(len(lines), 1, listed.stdout)
            self.assertIn("steady_rate", lines[0])
        processes = {process.pid: process for process in self.attach("--all").report.processes}
        for target in targets:
            self.assert_recorded(processes[target.pid])
            self.assertEqual(target.end(), (0, b"bye\n"))

    def start_attach(self, target):
        session = self.workspace.out / "interrupted.mw"
        collector = subprocess.Popen(
            [configuration.memwatch, "attach", "--json", "interrupted.json", "-o", session, str(target.pid)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.workspace.environment(),
            cwd=self.workspace.out,
        )
        self.addCleanup(lambda: (collector.poll() is None and collector.kill(), collector.communicate()))
        wait_until(lambda: session.exists() or collector.poll() is not None, "the session file of attach")
        return collector

    def test_an_interrupt_detaches_and_the_process_runs_on(self):
        target = self.start_target()
        collector = self.start_attach(target)
        time.sleep(0.3)
        collector.send_signal(signal.SIGINT)
        _, errors = collector.communicate(timeout=TIMEOUT_S)
        self.assertEqual(collector.returncode, 0, errors.decode())
        (process,) = Report(self.workspace.out / "interrupted.json").processes
        self.assertEqual(process.exit["kind"], "running")
        self.assertEqual(target.end(), (0, b"bye\n"))

    def test_a_killed_collector_harms_nobody_and_another_can_take_over(self):
        target = self.start_target()
        collector = self.start_attach(target)
        self.workspace.collector_was_killed = True
        collector.kill()
        collector.communicate()
        (process,) = self.attach(str(target.pid)).report.processes
        self.assert_recorded(process)
        self.assertEqual(target.end(), (0, b"bye\n"))

    def test_attach_to_a_process_without_the_shim_says_why_not(self):
        target = Target(self)
        run = self.memwatch("attach", "--duration", "1s", str(target.pid))
        self.assertIn(run.status, (1, 2, 3))
        self.assertTrue(run.stderr.startswith("memwatch: "), run.stderr)
        self.assertEqual(target.end(), (0, b"bye\n"))

    def test_attach_to_no_process_says_why_not(self):
        gone = subprocess.Popen(["/bin/true"])
        gone.wait()
        run = self.memwatch("attach", "--duration", "1s", str(gone.pid))
        self.assertIn(run.status, (1, 2, 3))
        self.assertTrue(run.stderr.startswith("memwatch: "), run.stderr)


class RunEndsEarlyTest(IntegrationTest):
    def test_a_killed_run_leaves_the_program_running(self):
        self.workspace.collector_was_killed = True
        session = self.workspace.out / "killed.mw"
        command = [configuration.memwatch, "run", "--quiet", "-o", session, "--", *self.host("steady_rate")]
        target = Target(self, command=command, stderr=subprocess.DEVNULL)
        target.process.kill()
        target.process.wait()
        # The program still has the pipes: the end of its input is what ends it.
        target.process.stdin.close()
        self.assertEqual(target.process.stdout.read(), b"bye\n")
        run = self.memwatch("report", session, "--format", "json")
        self.assertIn(run.status, (0, 3), run.stderr)

    def test_a_child_that_outlives_the_root_is_marked_running(self):
        reader, writer = os.pipe()
        json_file = self.workspace.out / "outlived.json"
        command = [configuration.memwatch, "run", "--quiet", "-o", self.workspace.out / "outlived.mw"]
        command += ["--json", json_file, "--", *self.host("leaves_a_child_running")]
        try:
            run = subprocess.run(
                command,
                stdin=reader,
                capture_output=True,
                timeout=TIMEOUT_S,
                env=self.workspace.environment(),
                check=False,
            )
        finally:
            os.close(reader)
        self.assertEqual((run.returncode, run.stdout), (0, b"root ends\n"))
        report = Report(json_file)
        (child,) = [process for process in report.processes if process is not report.root]
        self.assertEqual(child.exit["kind"], "running")
        self.assertEqual(child.heap["live_bytes"], 222)
        self.assertTrue(os.path.exists(f"/proc/{child.pid}"), "the child lives on")
        os.close(writer)
        wait_until(lambda: not os.path.exists(f"/proc/{child.pid}/exe"), "the end of the child")
