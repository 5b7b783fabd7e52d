"""Runs a command that may start anything, for a bounded time: whatever it started and left running is found, named and
ended, daemons that have left its process group included.

Linux: this process becomes the parent of orphans (PR_SET_CHILD_SUBREAPER), so that every descendant can be found, and
waits for them as init would. One command at a time, and no other children meanwhile.
"""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
GRACE_S = 10  # for what is still on its way out when the command has ended
LOOK_S = 0.005


class Outcome:
    def __init__(self):
        self.status = None  # as a shell tells it: 128 + N for signal N
        self.seconds = 0.0
        self.stdout = ""
        self.stderr = ""
        self.timed_out = False
        self.still_running = []  # commands of descendants that outlived it, and were killed


def run(command, directory, environment, limit_s, account=None, farewell_s=0):
    """The command in a session of its own; what it prints goes through files, so that no daemon can hold it up. One that
    is cut short is interrupted first where it has seconds to undo what it has done to the machine."""
    adopt_orphans()
    outcome = Outcome()
    streams = [directory.parent / f"{directory.name}.{name}" for name in ("stdout", "stderr")]
    more = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    started = time.monotonic()
    with open(streams[0], "wb") as stdout, open(streams[1], "wb") as stderr:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            **more,
        )
    try:
        outcome.status = wait_for(process, started + limit_s)
    except BaseException:  # interrupted: nothing may go on without us
        cut_short(process, farewell_s)
        raise
    if outcome.status is None:
        outcome.timed_out = True
        outcome.still_running = [describe(pid) for pid in descendants()]
        cut_short(process, farewell_s)
        outcome.status = 128 + signal.SIGKILL
    outcome.seconds = time.monotonic() - started
    outcome.still_running += end_of_the_rest()
    outcome.stdout, outcome.stderr = (stream.read_text(errors="replace") for stream in streams)
    return outcome


def cut_short(process, farewell_s):
    if farewell_s > 0:
        process.send_signal(signal.SIGINT)
        wait_for(process, time.monotonic() + farewell_s)
    kill_all()


def adopt_orphans():
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def wait_for(process, deadline):
    """Its status, or None when the time is up. Orphans are waited for on the way: a program that waits until a pid is gone
    must not find a zombie."""
    while time.monotonic() < deadline:
        pid, status = reap()
        if pid == process.pid:
            code = os.waitstatus_to_exitcode(status)
            process.returncode = code
            return code if code >= 0 else 128 - code
        if pid == 0:
            time.sleep(LOOK_S)
    return None


def reap():
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0, 0


def end_of_the_rest():
    end = time.monotonic() + GRACE_S
    while descendants() and time.monotonic() < end:
        reap()
        time.sleep(LOOK_S)
    found = [describe(pid) for pid in descendants()]
    kill_all()
    return found


def kill_all():
    """Stops everything first, so that nothing can start anything while it is being killed."""
    end = time.monotonic() + GRACE_S
    while (pids := descendants()) and time.monotonic() < end:
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
        while reap()[0]:
            pass
        time.sleep(LOOK_S)


def descendants():
    """Processes under this one that are no zombies."""
    children = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "stat").read_text()
        except OSError:
            continue
        state, parent = text[text.rindex(")") + 2 :].split()[:2]
        children.setdefault(int(parent), []).append((int(entry.name), state))
    found, frontier = [], [os.getpid()]
    while frontier:
        for pid, state in children.get(frontier.pop(), []):
            frontier.append(pid)
            if state not in "ZX":
                found.append(pid)
    return found


def describe(pid):
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return f"{pid} {b' '.join(words).decode(errors='replace').strip()}"[:120]
    except OSError:
        return str(pid)
