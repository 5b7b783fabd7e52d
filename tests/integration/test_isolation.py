"""Who may see and touch what: segments and sockets are their owner's alone, other users' files in the place of ours are
not believed, other users' processes are refused clearly, and a pid is nobody's name."""

import json
import os
import shutil
import socket
import stat
import subprocess
import time
import unittest
from pathlib import Path

from harness import kills
from harness.another_user import AnotherUser
from harness.case import TIMEOUT_S, IntegrationTest
from harness.configuration import configuration
from harness.leaks_request import DECLINED, DONE, ask_for_leaks, start_ticks
from harness.report import Report
from harness.reused_pid import start_with_pid
from harness.running import RunningProgram, Target
from harness.workspace import SHARED_MEMORY

NOBODY = 65534


def as_root(test):
    return unittest.skipUnless(os.geteuid() == 0, "needs root, to be somebody else")(test)


def kill_and_wait(process):
    process.kill()
    process.wait()


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


class IsolationTest(IntegrationTest):
    def start_target(self, **more):
        return Target(self, LD_PRELOAD=configuration.preload, **more)

    def segments_of(self, pid):
        return [entry for entry in SHARED_MEMORY.glob("memwatch.*") if entry.name.split(".")[2] == str(pid)]

    def as_nobody(self, *arguments):
        """memwatch, started by another user, from a place that one can read."""
        place = self.workspace.root / "nobody"
        if not place.exists():
            shutil.copytree(configuration.memwatch.parent.parent / "lib", place / "lib", symlinks=True)
            (place / "bin").mkdir()
            shutil.copy(configuration.memwatch, place / "bin" / "memwatch")
            (place / "home").mkdir()
            for path in (place / "home", place):
                os.chown(path, NOBODY, NOBODY)
            self.workspace.root.chmod(0o755)
        environment = self.workspace.environment(HOME=place / "home", TMPDIR="/tmp")
        del environment["XDG_RUNTIME_DIR"]
        return subprocess.run(
            [str(part) for part in (place / "bin" / "memwatch", *arguments)],
            env=environment,
            cwd=place / "home",
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def test_segments_and_sockets_are_their_owners_alone(self):
        with kills.Recording(self.workspace) as run:
            segments = self.segments_of(run.target)
            sockets = [path for path in self.workspace.runtime.rglob("*") if path.is_socket()]
            self.assertEqual((len(segments), len(sockets)), (1, 1))
            for path in segments + sockets:
                self.assertEqual((mode_of(path), path.lstat().st_uid), (0o600, os.geteuid()))
            self.assertEqual(mode_of(sockets[0].parent), 0o700)
            self.assertRegex(segments[0].name, r"^memwatch\.\d+\.\d+\.\d+\.[0-9a-f]{16}$")
            self.assertEqual(run.finish(), b"bye\n")
            self.assertEqual(run.status(), 0)
        target = self.start_target()  # makes a segment of its own
        (segment,) = self.segments_of(target.pid)
        self.assertEqual(mode_of(segment), 0o600)
        self.assertEqual(target.end(), (0, b"bye\n"))

    def test_names_cannot_be_guessed(self):
        names = set()
        for _ in range(5):
            target = self.start_target()
            names.add(self.segments_of(target.pid)[0].name.rsplit(".", 1)[1])
            target.end()
        self.assertEqual(len(names), 5)

    def runs_in_spite_of(self, runtime):
        run = self.trace(self.host("allocates_once"), XDG_RUNTIME_DIR=runtime)
        self.assertEqual(run.report.root.heap["live_bytes"], 2345)

    def test_something_else_in_the_place_of_the_runtime_directory(self):
        elsewhere = self.workspace.root / "elsewhere"
        elsewhere.mkdir(mode=0o700)

        def file(path):
            path.write_text("mine")

        def link(path):
            path.symlink_to(elsewhere)

        def dangling(path):
            path.symlink_to(self.workspace.root / "nowhere")

        def open_to_all(path):
            path.mkdir(mode=0o777)
            path.chmod(0o777)

        def open_to_the_group(path):
            path.mkdir()
            path.chmod(0o770)

        def fifo(path):
            os.mkfifo(path, 0o700)

        def of_another(path):
            path.mkdir(mode=0o700)
            os.chown(path, NOBODY, NOBODY)

        squats = [file, fifo, link, dangling, open_to_all, open_to_the_group] + ([of_another] if os.geteuid() == 0 else [])
        for number, squat in enumerate(squats):
            with self.subTest(squat=squat.__name__):
                runtime = self.workspace.root / f"runtime-{number}"
                runtime.mkdir(mode=0o700)
                squat(runtime / "memwatch")
                self.runs_in_spite_of(runtime)
        self.assertEqual(list(elsewhere.iterdir()), [], "nothing is put where a link leads to")
        self.assertFalse((self.workspace.root / "nowhere").exists())

    def squat_on_segment_of(self, target, number, make):
        """A name that is as good as the real one."""
        path = SHARED_MEMORY / f"memwatch.{os.geteuid()}.{target.pid}.{start_ticks(target.pid)}.{number:016x}"
        make(path)
        self.addCleanup(lambda: os.path.lexists(path) and (path.rmdir() if path.is_dir() else path.unlink()))
        return path

    def test_something_else_in_the_place_of_a_segment(self):
        target = self.start_target()
        (segment,) = self.segments_of(target.pid)

        def copy(path):
            shutil.copyfile(segment, path)
            path.chmod(0o600)
            os.chown(path, NOBODY, NOBODY)

        def readable_by_all(path):
            shutil.copyfile(segment, path)
            path.chmod(0o644)

        secret = self.workspace.root / "secret"
        secret.write_bytes(b"x" * 8192)
        squats = [
            lambda path: path.symlink_to(secret),
            lambda path: path.symlink_to(segment),
            lambda path: path.mkdir(),
            lambda path: os.mkfifo(path, 0o600),
            readable_by_all,
        ] + ([copy] if os.geteuid() == 0 else [])
        paths = [self.squat_on_segment_of(target, number, make) for number, make in enumerate(squats)]
        listed = self.memwatch("list")
        lines = [line for line in listed.stdout.decode().splitlines() if str(target.pid) in line.split()]
        self.assertEqual((listed.status, len(lines)), (0, 1), listed.stdout.decode() + listed.stderr)
        out = self.workspace.out / "attach.json"
        arguments = ["--duration", "300ms", "--json", out, "-o", self.workspace.out / "attach.mw"]
        run = self.memwatch("attach", *arguments, target.pid)
        self.assertEqual((run.status, len(Report(out).processes)), (0, 1), run.stderr)
        self.assertGreater(Report(out).root.totals["allocations"], 0)
        self.assertEqual(target.end(), (0, b"bye\n"))
        self.assertEqual(secret.read_bytes(), b"x" * 8192)
        for path in paths:
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            elif os.path.lexists(path):
                path.unlink()

    @as_root
    def test_another_users_process_is_refused_and_says_why(self):
        target = self.start_target()
        (segment,) = self.segments_of(target.pid)
        refused = self.as_nobody("attach", "--duration", "1s", target.pid)
        self.assertEqual((refused.returncode, refused.stdout), (2, b""))
        self.assertEqual(
            refused.stderr.decode(),
            f"memwatch: attach: process {target.pid}: it belongs to another user (uid 0): "
            "only that user or root can record it\n",
        )
        listed = self.as_nobody("list")
        self.assertNotIn(str(target.pid), listed.stdout.decode())
        for path in (segment, *self.workspace.runtime.rglob("*")):
            opened = subprocess.run(["cat", str(path)], user=NOBODY, capture_output=True, check=False)
            self.assertEqual((opened.returncode, opened.stdout), (1, b""), path)
        self.assertEqual(target.end(), (0, b"bye\n"))

    @as_root
    def test_root_may_ask_another_users_collector(self):
        user = AnotherUser(self)
        session = user.directory / "session.mw"
        command = [*user.prefix, configuration.memwatch, "run", "--quiet", "-o", session, "--", *self.host("steady_rate")]
        run = RunningProgram(self, command, self.workspace.environment(**user.places))
        self.assertEqual(run.line(), "ready")
        (target,) = kills.children_of(run.pid)
        asked = self.memwatch("leaks", "--json", "-", target)
        self.assertIn(asked.status, (0, 1), asked.stderr)
        (process,) = json.loads(asked.stdout)["processes"]
        self.assertEqual((process["pid"], process["mode"]), (target, "exact"))
        beside = [path.name for path in (user.directory / "run" / "memwatch").iterdir()]
        self.assertEqual([name for name in beside if not name.startswith("run-")], [], "the answer is taken away")
        self.assertEqual(run.end(), (0, b"bye\n"))

    @as_root
    def test_another_user_cannot_introduce_a_process(self):
        with kills.Recording(self.workspace) as run:
            (path,) = [path for path in self.workspace.runtime.rglob("*") if path.is_socket()]
            # Even with the directories open, and the library itself to speak for it.
            for opened in (path, path.parent, path.parent.parent, self.workspace.root):
                opened.chmod(0o777)
            library = self.workspace.root / "library.so"
            shutil.copy(configuration.preload, library)
            for user in (NOBODY, 0):
                stranger = subprocess.run(
                    ["/bin/true"],
                    env={"LD_PRELOAD": str(library), "MEMWATCH_OPTIONS": f"socket={path}:follow=1"},
                    user=user,
                    capture_output=True,
                    timeout=TIMEOUT_S,
                    check=False,
                )
                self.assertEqual((stranger.returncode, stranger.stderr), (0, b""))
            self.assertEqual(run.finish(), b"bye\n")
            self.assertEqual(run.status(), 0)
            # The same as the owner is recorded: it was a good introduction.
            self.assertEqual(len(Report(run.json).of_program("true")), 1)

    @as_root
    def test_a_pid_that_was_used_again_is_another_process(self):
        target = self.start_target()
        (segment,) = self.segments_of(target.pid)
        target.process.kill()
        target.process.wait()
        self.assertTrue(segment.exists(), "nobody has removed it yet")
        time.sleep(0.05)  # start times are told in hundredths of a second
        reused = start_with_pid(target.pid, lambda: subprocess.Popen(["/bin/sleep", "600"]), kill_and_wait)
        if reused is None:
            self.workspace.collector_was_killed = True
            self.memwatch("list")
            self.skipTest("the kernel does not let us choose a pid")
        try:
            for command in (["attach", "--duration", "1s"], ["leaks", "--duration", "100ms"], ["trim"]):
                run = self.memwatch(*command, target.pid)
                self.assertEqual((run.status, run.stdout), (2, b""), command)
                self.assertIn("does not carry a ring", run.stderr)
            listed = self.memwatch("list")
            self.assertNotIn(str(target.pid), listed.stdout.decode().split())
            self.assertFalse(segment.exists(), "swept, though a process of that number lives")
        finally:
            kill_and_wait(reused)

    def test_a_process_is_meant_by_its_start_too(self):
        with kills.Recording(self.workspace) as run:
            start = start_ticks(run.target)
            refused = self.memwatch("leaks", f"--start-ticks={start + 1}", run.target)
            self.assertEqual((refused.status, refused.stdout), (2, b""))
            self.assertEqual(refused.stderr, f"memwatch: leaks: process {run.target}: the one that is meant has ended, "
                                             "and another has its pid now\n")
            judged = self.memwatch("leaks", f"--start-ticks={start}", run.target)
            self.assertIn(judged.status, (0, 1), judged.stderr)
            self.assertIn("The process stood still for", judged.stdout.decode())
            self.assertEqual(run.finish(), b"bye\n")

    def test_a_collector_is_asked_about_a_process_not_about_a_pid(self):
        """The pid may have gone to another process of the same recording since who asks has looked it up."""
        with kills.Recording(self.workspace) as run:
            start = start_ticks(run.target)
            for start_time, verdict in ((start + 1, DECLINED), (start, DONE)):
                said, answer = ask_for_leaks(self.workspace, run.target, start_time)
                self.assertEqual(said, verdict, answer)
                if verdict == DONE:
                    Path(answer).unlink()
                else:
                    self.assertEqual(answer, "it is not recorded by the memwatch that was asked")
            self.assertEqual(run.finish(), b"bye\n")
            self.assertEqual(run.status(), 0)

    def test_what_killed_collectors_left_is_swept_and_nothing_else(self):
        self.workspace.collector_was_killed = True
        directory = self.workspace.runtime / "memwatch"
        with kills.Recording(self.workspace) as run:
            (stale,) = list(directory.iterdir())
            run.process.kill()
            run.process.wait()
            self.assertEqual(run.finish(), b"bye\n")
        self.assertTrue(stale.exists())
        foreign = directory / "run-1-0000000000000000"  # no such collector, but somebody listens
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(str(foreign))
        listener.listen()
        (directory / "notes").write_text("not ours")
        with kills.Recording(self.workspace) as other:
            (living,) = set(directory.iterdir()) - {stale, foreign, directory / "notes"}
            self.memwatch("run", "--quiet", "-o", self.workspace.out / "more.mw", "--", "/bin/true")
            self.assertEqual(set(directory.iterdir()), {living, foreign, directory / "notes"})
            self.assertEqual(other.finish(), b"bye\n")
        listener.close()


if __name__ == "__main__":
    unittest.main()
