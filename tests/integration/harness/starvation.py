"""A random program of many threads against the counting interposer, while the machine leaves its collector, its threads or
both hardly any time: hogs that go before them on the only processor they have, and stops of the collector. What memwatch
then counts may lack something only if it says so. Used by scripts/soak; the undisturbed form is test_oracle.py.
"""

import os
import signal
import subprocess
import time

from . import checks
from .configuration import configuration
from .oracle import differences, run_under_oracle
from .report import Report

OPERATIONS = 3000
MIXES = ("all", "heap", "mappings", "failures")
PATIENCE_S = 300


class Hogs:
    """Busy processes on one processor; none is left behind."""

    def __init__(self, count, processor):
        self.processor = processor
        self.processes = [
            subprocess.Popen(["sh", "-c", "while :; do :; done"], preexec_fn=self.stay_there) for _ in range(count)
        ]

    def stay_there(self):
        os.sched_setaffinity(0, {self.processor})

    def be_hogged(self):
        """In a process that is to get what they leave."""
        if self.processes:
            self.stay_there()
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def run_one(workspace, at):
    """Complaints; empty where nothing is missing, or what is missing was told."""
    return run_starved(workspace, at, random_program(at), hogs=at.choice((0, 0, 1, 3)), stops=at.random() < 0.7)


def random_program(at):
    mix = MIXES[0] if at.random() < 0.5 else at.choice(MIXES)
    threads = at.choice((2, 4, 8, 16, 16))
    return [configuration.random_allocator, str(at.randrange(1 << 30)), str(threads), str(OPERATIONS), mix]


def run_starved(workspace, at, command, hogs, stops):
    counters = run_under_oracle(workspace, command)
    json_file = workspace.out / "starved.json"
    with Hogs(hogs, max(os.sched_getaffinity(0))) as around:
        process = subprocess.Popen(
            [
                *map(str, [configuration.memwatch, "run", "--quiet", "-o", workspace.out / "starved.mw"]),
                *map(str, ["--json", json_file, "--", *command]),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=workspace.environment(),
            cwd=workspace.out,
            preexec_fn=around.be_hogged,
        )
        end = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < end:
            time.sleep(at.uniform(0, 0.05) if stops else 0.02)
            if stops and process.poll() is None:
                os.kill(process.pid, signal.SIGSTOP)
                time.sleep(at.uniform(0.005, 0.08))
                os.kill(process.pid, signal.SIGCONT)
        if process.poll() is None:
            process.kill()
    errors = process.communicate()[1].decode(errors="replace")
    if process.returncode != 0 or not json_file.exists():
        return [f"{' '.join(map(str, command))}: status {process.returncode}: {errors}"]
    report = Report(json_file)
    if not report.processes:
        # It introduced itself and was gone before anybody came to look: that much is told.
        return [] if "record a process" in errors else [f"{' '.join(map(str, command))}: no record: {errors}"]
    return judge(counters, report.root, command)


def judge(counters, root, command):
    found = list(checks.check_sums(root))
    if root.losses["exact"]:
        found += differences(counters, root, with_peaks=False) + list(checks.check_exact(root))
    return [f"{' '.join(map(str, command))}, losses {root.losses}: {line}" for line in found]
