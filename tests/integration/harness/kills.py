"""Ends of one side or the other at random moments: what the target, the session and the machine must look like
afterwards. Each function is one try and returns a list of complaints; empty is good. Used by test_kills.py (a few of
each) and by scripts/soak (hundreds). Every process started here is ended by its own number.
"""

import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

from . import checks
from .configuration import configuration
from .report import Report

PATIENCE_S = 60  # for a machine that is busy; nothing waits for it when all is well
BUSY = "busy_until_end_of_input"


def is_gone(pid):
    """No such process, or a zombie whose parent does not ask."""
    try:
        text = open(f"/proc/{pid}/stat").read()
    except OSError:
        return True
    return text[text.rindex(")") + 2] in "ZX"


def wait_until(condition, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def children_of(pid):
    try:
        return [int(child) for child in open(f"/proc/{pid}/task/{pid}/children").read().split()]
    except OSError:
        return []


class Recording:
    """memwatch run on the busy host, up to the moment when its threads are at work."""

    def __init__(self, workspace, *arguments, options=(), command=None):
        self.workspace = workspace
        number = random.getrandbits(40)
        self.session = workspace.out / f"session-{number:x}.mw"
        self.json = workspace.out / f"report-{number:x}.json"
        self.stderr_file = workspace.out / f"stderr-{number:x}"
        command = command or [configuration.hosts / BUSY, *arguments]
        with open(self.stderr_file, "wb") as stderr:
            self.process = subprocess.Popen(
                [
                    *map(str, [configuration.memwatch, "run", "--quiet", "-o", self.session, "--json", self.json]),
                    *map(str, options),
                    "--",
                    *map(str, command),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=workspace.environment(),
                cwd=workspace.out,
            )
        self.ready = self.process.stdout.readline() == b"ready\n"
        self.target = next(iter(children_of(self.process.pid)), None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in (self.process.pid, self.target):
            if pid is not None and not is_gone(pid):
                try:
                    os.kill(pid, signal.SIGCONT)
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    @property
    def stderr(self):
        return self.stderr_file.read_text(errors="replace")

    def finish(self):
        """Ends the input. What the program says then, once every holder of the pipe is gone; None: it hangs."""
        self.process.stdin.close()
        output = []
        done = wait_until(lambda: self._read_some(output))
        return b"".join(output) if done else None

    def _read_some(self, output):
        os.set_blocking(self.process.stdout.fileno(), False)
        chunk = self.process.stdout.read()
        if chunk:
            output.append(chunk)
        return chunk == b""

    def status(self):
        """As a shell shows it; None: it does not end."""
        try:
            code = self.process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            return None
        return code if code >= 0 else 128 - code


def read_session(workspace, session):
    """The report of a session by a later memwatch: (status, Report or None, stderr)."""
    out = session.with_suffix(".again.json")
    done = subprocess.run(
        [str(configuration.memwatch), "report", str(session), "--format", "json", "-o", str(out)],
        capture_output=True,
        env=workspace.environment(),
        timeout=PATIENCE_S,
        check=False,
    )
    return done.returncode, Report(out) if out.exists() else None, done.stderr.decode(errors="replace")


def leftovers(workspace):
    """After a command that sweeps: nothing of a killed collector may be left, wherever it was."""
    subprocess.run(
        [str(configuration.memwatch), "run", "--quiet", "-o", str(workspace.out / "sweep.mw"), "--", "/bin/true"],
        env=workspace.environment(),
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    workspace.collector_was_killed = False  # from here on everything it made counts
    return left_behind(workspace)


def left_behind(workspace):
    """Processes, sockets, runtime files, temporary directories, segments."""
    found = [f"left behind: {name}" for name in workspace.leftovers()]
    wait_until(lambda: not workspace.processes(), 10)
    return found + [f"still running: {pid} {name}" for pid, name in workspace.processes()]


def expect(found, what, got, expected):
    if got != expected:
        found.append(f"{what}: {got!r}, expected {expected!r}")


def kill_target(workspace, wait_s, *arguments):
    """SIGKILL to the target while it records exactly."""
    found = []
    with Recording(workspace, *arguments) as run:
        if not run.ready or run.target is None:
            return [f"did not start: {run.stderr}"]
        time.sleep(wait_s)
        os.kill(run.target, signal.SIGKILL)
        expect(found, "status", run.status(), 137)
        if not run.json.exists():
            return found + [f"no report: {run.stderr}"]
        report = Report(run.json)
        root = report.root
        expect(found, "exit", (root.exit["kind"], root.exit["signal"]), ("signaled", signal.SIGKILL))
        expect(found, "complete", report.data["complete"], True)
        # Up to three threads died between taking a number and telling it: that many events, no more, are damage.
        found += [f"lost: {name}" for name in ("dropped_allocations", "dropped_frees") if root.losses[name]]
        found += checks.check_sums(root)
        status, again, _ = read_session(workspace, run.session)
        expect(found, "status of the report", status, 0)
        if again is not None:
            expect(found, "the session's own totals", again.root.totals, root.totals)
    return found + leftovers(workspace)


def kill_collector(workspace, wait_s, *arguments, take_over=False):
    """SIGKILL to the collector: the target goes on, ends as it would have, and the session can be read."""
    found = []
    native = subprocess.run(
        [str(configuration.hosts / BUSY), *arguments], input=b"", capture_output=True, timeout=PATIENCE_S, check=False
    )
    workspace.collector_was_killed = True
    with Heir() as heir, Recording(workspace, *arguments) as run:
        if not run.ready or run.target is None:
            return [f"did not start: {run.stderr}"]
        time.sleep(wait_s)
        run.process.kill()
        run.process.wait()
        time.sleep(0.2)  # long enough to fill a ring that nobody empties
        if is_gone(run.target):
            found.append("the target is gone")
        if take_over:
            found += attach_to(workspace, run.target)
        expect(found, "the target's last words", run.finish(), native.stdout.removeprefix(b"ready\n"))
        expect(found, "the target's status", heir.status_of(run.target), native.returncode)
        status, report, errors = read_session(workspace, run.session)
        expect(found, f"status of the report ({errors.strip()})", status, 0)
        if report is not None:
            expect(found, "complete", report.data["complete"], False)
            expect(found, "exit", report.root.exit["kind"], "running")
            found += checks.check_sums(report.root)
        if "has no end: its recorder was killed, " not in errors:
            found.append(f"nothing says that the recording was cut short: {errors!r}")
    return found + leftovers(workspace)


class Heir:
    """While it lasts, orphans of our children become ours, so that how they end can be asked."""

    PR_SET_CHILD_SUBREAPER = 36

    def __enter__(self):
        self._set(1)
        return self

    def __exit__(self, *_):
        self._set(0)

    def _set(self, value):
        if ctypes.CDLL(None, use_errno=True).prctl(self.PR_SET_CHILD_SUBREAPER, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")

    @staticmethod
    def status_of(pid):
        """As subprocess has it; a sentence where it does not end."""
        ended = []

        def has_ended():
            ended[:] = os.waitpid(pid, os.WNOHANG)
            return ended[0] == pid

        return os.waitstatus_to_exitcode(ended[1]) if wait_until(has_ended) else "it does not end"


def attach_to(workspace, pid):
    """A second collector takes over."""
    out = workspace.out / "attached.json"
    done = subprocess.run(
        [
            *[str(configuration.memwatch), "attach", "--quiet", "--duration", "300ms", "--json", str(out)],
            *["-o", str(workspace.out / "attached.mw"), str(pid)],
        ],
        env=workspace.environment(),
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if done.returncode != 0:
        return [f"attach: status {done.returncode}: {done.stderr.decode(errors='replace')}"]
    found = []
    process = Report(out).root
    expect(found, "attached to", process.pid, pid)
    if process.totals["allocations"] == 0:
        found.append("attach recorded nothing")
    return found + checks.check_sums(process)


class Living:
    """The host that watches what checks do to it, with the library and no collector."""

    def __init__(self, workspace, mebibytes=8):
        self.process = subprocess.Popen(
            [str(configuration.hosts / "lives_through_checks"), str(mebibytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=workspace.environment(LD_PRELOAD=configuration.preload),
            cwd=workspace.out,
        )
        self.pid = self.process.pid
        self.ready = self.process.stdout.readline() == b"ready\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """At the end of its input it ends by itself, and takes its segment along."""
        try:
            self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    def ask(self):
        """What it says of itself; empty: it is gone."""
        try:
            self.process.stdin.write(b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {}
        words = self.process.stdout.readline().decode().split()
        return dict(word.split("=", 1) for word in words)


def start_check(workspace, pid, duration="20ms"):
    return subprocess.Popen(
        [str(configuration.memwatch), "leaks", "--json", "-", "--duration", duration, str(pid)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=workspace.environment(),
        cwd=workspace.out,
    )


def kill_during_checks(workspace, generator, times):
    """SIGKILL to a memwatch that judges a living process, at random moments: the process cannot tell. A check to the end
    after every ten takes away what the killed ones left. Returns complaints and how many were killed in time."""
    found, killed = [], 0
    with Living(workspace) as target:
        if not target.ready:
            return ["did not start"], 0
        started = time.monotonic()
        start_check(workspace, target.pid).communicate(timeout=PATIENCE_S)
        usual_s = time.monotonic() - started
        for number in range(1, times + 1):
            check = start_check(workspace, target.pid)
            time.sleep(generator.uniform(0, 1.2) * usual_s)
            check.kill()
            check.communicate()
            killed += check.returncode == -signal.SIGKILL
            if number % 10 and number != times:
                continue
            output, errors = start_check(workspace, target.pid).communicate(timeout=PATIENCE_S)
            try:
                report = json.loads(output)
            except ValueError:
                return found + [f"no check after a killed one: {errors.decode(errors='replace')}"], killed
            expect(found, "method", report["processes"][0]["leaks"]["method"], "reachability")
            said = target.ask()
            said.pop("gap_us", None)
            untouched = {"missed": "0", "spoiled": "0", "children": "none", "signals": "0"}
            expect(found, f"after {number} times", said, untouched)
            if found:
                break
    return found + leftovers(workspace), killed


def stop_collector(workspace, wait_s, stopped_s, *arguments, options=()):
    """SIGSTOP to the collector for a while: the target goes on after at most a second of waiting, and ends without it.
    Under --on-full drop it goes on at once: so long a stop must have cost events."""
    found = []
    with Recording(workspace, *arguments, options=options) as run:
        if not run.ready or run.target is None:
            return [f"did not start: {run.stderr}"]
        time.sleep(wait_s)
        os.kill(run.process.pid, signal.SIGSTOP)
        time.sleep(stopped_s)
        # The end of the input while it is stopped: the target ends without it.
        run.process.stdin.close()
        if not wait_until(lambda: is_gone(run.target)):
            found.append("the target waits for a collector that is stopped")
        os.kill(run.process.pid, signal.SIGCONT)
        expect(found, "the target's last words", run.process.stdout.read(), b"bye\n")
        expect(found, "status", run.status(), 0)
        if not run.json.exists():
            return found + [f"no report: {run.stderr}"]
        root = Report(run.json).root
        expect(found, "exit", (root.exit["kind"], root.exit["code"]), ("exited", 0))
        lost = root.losses["dropped_allocations"] + root.losses["dropped_frees"]
        if lost and root.losses["exact"]:
            found.append("events were lost, and the recording calls itself exact")
        if "drop" in options and not lost:
            found.append("nothing was lost, though nobody read and it must not wait")
        found += checks.check_sums(root)
    return found + leftovers(workspace)


def small_file_system(namespace, size, directory, command):
    """The command, in a mount namespace with a file system of this size at `directory`."""
    script = 'mount -t tmpfs -o "size=$1" tmpfs "$2" || exit 111; shift 2; exec "$@"'
    return [*namespace, "sh", "-c", script, "sh", str(size), str(directory), *map(str, command)]


def run_with_little_room(workspace, namespace, size, where):
    """A full /dev/shm (where="/dev/shm") or a full disk under the session file."""
    found = []
    # The session of many_threads fits into a page: a disk is filled by that of a Python.
    host = [configuration.hosts / "many_threads"]
    if where is None:
        host = [sys.executable, "-c", "import json, time; time.sleep(0.2); print(json.dumps([1, 2]))"]
    native = subprocess.run(host, capture_output=True, timeout=PATIENCE_S, check=False)
    full = workspace.root / "full"
    full.mkdir(exist_ok=True)
    where = where or full
    session = (full if where == full else workspace.out) / "session.mw"
    out = workspace.out / "little-room.json"
    out.unlink(missing_ok=True)
    # The report is made where the file system is still there, and written where there is room.
    page, json_page = workspace.out / "little-room.txt", workspace.out / "little-room-again.json"
    said, status = workspace.out / "little-room.stderr", workspace.out / "little-room.status"
    script = f"""
        "$@"; ended=$?
        {configuration.memwatch} report {session} > {page} 2> {said}
        echo $? > {status}
        {configuration.memwatch} report {session} --format json -o {json_page} 2> /dev/null
        exit $ended"""
    command = [configuration.memwatch, "run", "-o", session, "--json", out, "--", *host]
    done = subprocess.run(
        small_file_system(namespace, size, where, ["sh", "-c", script, "sh", *command]),
        env=workspace.environment(),
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    errors = done.stderr.decode(errors="replace")
    expect(found, f"status ({errors})", done.returncode, native.returncode)
    expect(found, "output", done.stdout, native.stdout)
    report = Report(out) if out.exists() else None
    root = report.root if report is not None and report.processes else None
    if where == full:
        if root is None or not root.losses["exact"]:
            found.append("a full disk spoils the recording")
        # Some room may have been enough.
        if not session_is_there(errors) and "No space left" not in errors:
            found.append(f"nothing says that there was no room: {errors}")
        if size in ("4k", "8k") and session_is_there(errors):
            found.append(f"a disk of {size} is enough: this judges nothing")
        again = json.loads(json_page.read_text())["complete"] if json_page.exists() else None
        found += judge_cut_session(
            session_is_there(errors), int(status.read_text()), again, said.read_text(), page.read_text()
        )
    elif root is not None:
        if not root.losses["exact"] and "/dev/shm" not in errors:
            found.append(f"nothing says what was missing: {errors}")
        found += checks.check_sums(root)
    elif "/dev/shm" not in errors:
        found.append(f"no report, and nothing says why: {errors}")
    return found + left_behind(workspace)


def judge_cut_session(is_whole, status, complete, said, page):
    """What memwatch report makes of a session whose disk was too small; its words are `said` and `page`."""
    found = []
    if is_whole:
        expect(found, f"status of the report ({said})", (status, complete), (0, True))
        return found
    if status == 0:
        expect(found, "complete", complete, False)
        if "could not write on (No space left on device)" not in said and "a full disk" not in said:
            found.append(f"the report does not name the full disk: {said}")
        if "every call recorded up to its last checkpoint" not in page or "incomplete: " not in page:
            found.append(f"the page does not say how far it goes: {page}")
        found += [f"the page says {lie!r}" for lie in ("nothing lost", "still running", "exact:") if lie in page]
    else:
        expect(found, f"status of the report ({said})", status, 3)
        if "nothing is in it: " not in said and "before the first complete checkpoint" not in said:
            found.append(f"the report does not say that nothing is there: {said}")
    return found


def session_is_there(errors):
    return "memwatch report" in errors


class Cgroup:
    """A memory cgroup of our own, version 1 or 2; `available` is False where none can be made."""

    def __init__(self, limit_bytes):
        self.directory = None
        for parent, limit in (
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            ("/sys/fs/cgroup", "memory.max"),
        ):
            path = f"{parent}/memwatch-test-{os.getpid()}-{random.getrandbits(30):x}"
            try:
                os.mkdir(path)
                open(f"{path}/{limit}", "w").write(str(limit_bytes))
                self.directory = path
                for swap in ("memory.swap.max", "memory.memsw.limit_in_bytes"):
                    if os.path.exists(f"{path}/{swap}"):
                        open(f"{path}/{swap}", "w").write("0" if swap.endswith("max") else str(limit_bytes))
                return
            except OSError:
                if os.path.isdir(path) and self.directory is None:
                    os.rmdir(path)

    @property
    def available(self):
        return self.directory is not None

    def remove(self):
        if self.directory is not None:
            wait_until(lambda: self._try_remove(), 10)

    def _try_remove(self):
        try:
            os.rmdir(self.directory)
            return True
        except OSError:
            return False


def out_of_memory(workspace, limit_bytes):
    """The kernel kills the target because its cgroup is full. None: no cgroup can be made here."""
    group = Cgroup(limit_bytes)
    if not group.available:
        return None
    found = []
    try:
        script = 'echo $$ > "$1/cgroup.procs" && exec "$2"'
        command = ["sh", "-c", script, "sh", group.directory, configuration.hosts / "grows_until_killed"]
        with Recording(workspace, command=command) as run:
            expect(found, "status", run.status(), 137)
            if not run.json.exists():
                return found + [f"no report: {run.stderr}"]
            report = Report(run.json)
            (killed,) = report.of_program("grows_until_killed")
            expect(found, "exit", (killed.exit["kind"], killed.exit["signal"]), ("signaled", signal.SIGKILL))
            expect(found, "out_of_memory_kill", killed.data.get("out_of_memory_kill"), True)
            found += checks.check_exact(killed)
            status, _, _ = read_session(workspace, run.session)
            expect(found, "status of the report", status, 0)
            text = subprocess.run(
                [str(configuration.memwatch), "report", str(run.session)],
                env=workspace.environment(),
                capture_output=True,
                timeout=PATIENCE_S,
                check=False,
            ).stdout.decode()
            if "out of memory" not in text:
                found.append(f"the page does not say so: {text}")
    finally:
        group.remove()
    return found + leftovers(workspace)


def remove_everything(workspace):
    """What tries have written; the workspace itself stays."""
    for entry in workspace.out.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

