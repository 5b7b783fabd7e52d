"""The base of every integration test: a workspace, runs with and without memwatch, common checks."""

import subprocess
import unittest

from . import checks
from .configuration import configuration
from .report import Report
from .workspace import Workspace

# Generous, for a machine that is busy; nothing here waits for it when all is well.
TIMEOUT_S = 300


class Run:
    """A finished command. Signals appear as a shell shows them: 128+N."""

    def __init__(self, completed):
        code = completed.returncode
        self.status = code if code >= 0 else 128 - code
        self.stdout = completed.stdout
        self.stderr = completed.stderr.decode(errors="replace")
        self.report = None
        self.session = None


class IntegrationTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.workspace = Workspace()
        self._sessions = 0

    def tearDown(self):
        leftovers = self.workspace.leftovers()
        self.workspace.remove()
        self.assertEqual(leftovers, [], "left behind")

    def host(self, name, *arguments):
        return [configuration.hosts / name, *arguments]

    def run_command(self, command, stdin=b"", **more):
        return Run(
            subprocess.run(
                [str(part) for part in command],
                input=stdin,
                capture_output=True,
                timeout=TIMEOUT_S,
                env=self.workspace.environment(**more),
                cwd=self.workspace.out,
                check=False,
            )
        )

    def memwatch(self, *arguments, stdin=b"", **more):
        return self.run_command([configuration.memwatch, *arguments], stdin, **more)

    def trace_only(self, command, options=(), stdin=b"", **more):
        """memwatch run, with the report read, and nothing compared."""
        self._sessions += 1
        session = self.workspace.out / f"session-{self._sessions}.mw"
        json_file = self.workspace.out / f"report-{self._sessions}.json"
        run = self.memwatch(
            "run", "--quiet", "-o", session, "--json", json_file, *options, "--", *command, stdin=stdin, **more
        )
        self.assertTrue(json_file.exists(), f"no JSON report; status {run.status}; stderr:\n{run.stderr}")
        self.assertTrue(session.exists(), "no session file")
        run.report = Report(json_file)
        run.session = session
        return run

    def trace(self, command, options=(), stdin=b"", same_output=True, **more):
        """Runs natively and under memwatch; same output and status, exact, and everything adds up."""
        native = self.run_command(command, stdin, **more)
        run = self.trace_only(command, options, stdin, **more)
        self.assertEqual(run.status, native.status, f"exit status; stderr:\n{run.stderr}")
        if same_output:
            self.assertEqual(run.stdout, native.stdout, "standard output")
        self.assertEqual(run.report.data["schema"], "memwatch.report/1")
        self.assertTrue(run.report.data["complete"], "complete")
        for process in run.report.processes:
            self.assert_exact(process)
        self.assert_no_complaints(checks.check_frames(run.report), "frames")
        return run

    def trace_root(self, command, **more):
        return self.trace(command, **more).report.root

    def assert_exact_or_told(self, process):
        """A record that may lack events, or children of its own, if it says so and is not called exact."""
        losses, notes = process.losses, process.data["notes"]
        self.assertEqual(losses["children_unrecorded"] > 0, any(" ran unrecorded" in note for note in notes), notes)
        nothing_taken = any(note.startswith("Ran unrecorded") for note in notes)
        if losses["dropped_allocations"] + losses["dropped_frees"] > 0 or nothing_taken:
            self.assertFalse(losses["exact"])
            complaints = checks.check_sums(process)
        else:
            complaints = checks.check_exact(process, children_may_be_missing=True)
        self.assert_no_complaints(complaints, f"{process.data['exe']} ({process.pid})")

    def assert_exact(self, process):
        self.assert_no_complaints(checks.check_exact(process), f"{process.data['exe']} ({process.pid})")

    def assert_no_complaints(self, complaints, what):
        self.assertFalse(complaints, what + ":\n  " + "\n  ".join(complaints))

    def assert_totals(self, process, **expected):
        got = {name: process.totals[name] for name in expected}
        self.assertEqual(got, expected)
