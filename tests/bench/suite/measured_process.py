"""One run of a command, measured from outside: when the program itself ended, when whoever traced it did,
how much CPU both took and how much memory the tracer needed. Nothing is loaded into the program for it.

The program's end is noticed through its pidfd, to well under a millisecond. Its tracer's processes are
looked at every 50 ms while it runs, in all configurations alike.
"""

import os
import select
import signal
import subprocess
import time
from pathlib import Path

LOOK_EVERY_S = 0.05
LOOK_AFTER_END_S = 0.005  # the program is gone, so looking disturbs nobody


class Measurement:
    """Times in seconds. `tracer_cpu` is None where it cannot be told from the program's."""

    def __init__(self):
        self.wall = None  # start of the command to the end of the program
        self.finish = 0.0  # end of the program to the end of the command
        self.cpu = None  # of everything together
        self.tracer_cpu = None
        self.tracer_peak_bytes = 0
        self.status = None
        self.output = ""


class MeasuredProcess:
    """`traced` is the executable that counts as the program where the command itself is a tracer."""

    def __init__(self, command, directory, environment, traced=None, timeout_s=900):
        self._log = open(Path(directory) / "output.log", "w+b")
        self._deadline = time.monotonic() + timeout_s
        self._peaks = {}
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that stop() ends a tracer's program too
        )
        self._root = self._process.pid
        self._root_end = os.pidfd_open(self._root)
        self._traced = os.path.realpath(traced) if traced else None
        self._target = None if traced else self._root

    @property
    def output(self):
        self._log.flush()
        return Path(f"/proc/self/fd/{self._log.fileno()}").read_text(errors="replace")

    def find_target(self):
        """For a program that others have to talk to before it ends; wait() does it otherwise."""
        while self._target is None:
            self._check_deadline()
            if is_readable(self._root_end, 0.001):
                self._target = self._root  # over before it was seen
            for pid in descendants(self._root):
                if executable_of(pid) == self._traced:
                    self._target = pid
                    break

    def wait(self):
        try:
            self.find_target()
            return self._wait()
        finally:
            self.stop()

    def stop(self):
        """For good, whatever has happened."""
        if self._process.returncode is None:
            for number in (signal.SIGTERM, signal.SIGKILL):
                os.killpg(self._root, number)
                try:
                    self._process.wait(10)
                    break
                except subprocess.TimeoutExpired:
                    continue
        if not self._log.closed:
            os.close(self._root_end)
            self._log.close()

    def _wait(self):
        result = Measurement()
        result.wall = self._wait_for(self._target, LOOK_EVERY_S) - self.started
        if self._target != self._root:
            result.finish = self._wait_for(self._root, LOOK_AFTER_END_S) - self.started - result.wall
        self._reap(result)
        result.tracer_peak_bytes = sum(self._peaks.values())
        result.output = self.output
        return result

    def _wait_for(self, pid, look_every_s):
        """When `pid` ended. A process that is gone already, reaped by its tracer, has just ended."""
        try:
            end = os.pidfd_open(pid)
        except ProcessLookupError:
            return time.monotonic()
        try:
            while not is_readable(end, look_every_s):
                if self._traced:
                    self.look_at_tracer()
                self._check_deadline()
            return time.monotonic()
        finally:
            os.close(end)

    def look_at_tracer(self):
        """Notes how much memory it has needed so far; wait() does it all the time."""
        for pid in [self._root, *descendants(self._root, leave_out=self._target)]:
            peak = peak_memory_bytes(pid)
            if peak:
                self._peaks[pid] = peak

    def tracer_private_bytes(self):
        """Memory that is there for the tracer alone, now: its private pages and, of the shared memory that
        it and the program have in common, the pages that exist."""
        own = [private_memory_bytes(pid) for pid in [self._root, *descendants(self._root, leave_out=self._target)]]
        return sum(own) + shared_memory_bytes(self._target)

    def _reap(self, result):
        # While the command is a zombie its own CPU clock can still be read, without its children's.
        os.waitid(os.P_PID, self._root, os.WEXITED | os.WNOWAIT)
        own_cpu = time.clock_gettime(cpu_clock_of(self._root))
        _, wait_status, usage = os.wait4(self._root, 0)
        self._process.returncode = result.status = os.waitstatus_to_exitcode(wait_status)
        result.cpu = usage.ru_utime + usage.ru_stime
        if self._target != self._root:
            result.tracer_cpu = own_cpu

    def _check_deadline(self):
        if time.monotonic() > self._deadline:
            raise TimeoutError("did not end in time")


def is_readable(descriptor, timeout_s):
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))


def cpu_clock_of(pid):
    """The clock that clock_getcpuclockid() returns for a process."""
    return (~pid << 3) | 2


def descendants(pid, leave_out=None):
    try:
        children = [file.read_text().split() for file in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return
    for child in map(int, sum(children, [])):
        if child != leave_out:
            yield child
            yield from descendants(child, leave_out)


def executable_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return None


def peak_memory_bytes(pid):
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def private_memory_bytes(pid):
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("Private_Clean:", "Private_Dirty:")))


def shared_memory_bytes(pid):
    """What the files in /dev/shm that a process has mapped really take."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    paths = {line.split(None, 5)[5] for line in lines if "/dev/shm/" in line}
    return sum(os.stat(path).st_blocks * 512 for path in paths if os.path.exists(path))
