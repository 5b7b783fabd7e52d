"""No room in shared memory or on disk, and collectors that cannot start: the program runs as ever, what
is missing is said, and only --strict keeps it from running."""

import os
import shutil
import signal
import subprocess
import sys

from harness.case import TIMEOUT_S, IntegrationTest, Run
from harness.checks import check_sums
from harness.configuration import configuration
from harness.kills import children_of, is_gone, wait_until
from harness.report import Report
from harness.workspace import shared_memory_in_use, shared_memory_names

# In a mount namespace of its own: small file systems where they hurt, seen by this command alone.
SMALL_FILE_SYSTEM = 'mount -t tmpfs -o "size=$1" tmpfs "$2" || exit 111; shift 2; exec "$@"'
# The same, without any room left. (The fill fails when the room is gone: that is how it knows.)
FULL_FILE_SYSTEM = SMALL_FILE_SYSTEM.replace("shift 2", 'cat /dev/zero > "$2/fill" 2> /dev/null; shift 2')


def namespace_command():
    """How to get a mount namespace here; None where the system lets nobody have one."""
    for options in (["--mount"], ["--mount", "--user", "--map-root-user"]):
        command = ["unshare", *options]
        trial = subprocess.run(
            [*command, "sh", "-c", SMALL_FILE_SYSTEM, "sh", "64k", "/mnt", "true"], capture_output=True, check=False
        )
        if trial.returncode == 0:
            return command
    return None


class TroubleTest(IntegrationTest):
    namespace = namespace_command()

    def run_with_little_room(self, size, directory, options, command, file_system=SMALL_FILE_SYSTEM):
        if self.namespace is None:
            self.skipTest("no mount namespaces here (they need root, or user namespaces)")
        return self.run_command(
            [
                *self.namespace,
                *["sh", "-c", file_system, "sh", size, directory],
                *[configuration.memwatch, "run", *options, "--", *command],
            ]
        )

    def assert_runs_as_ever(self, run, command):
        native = self.run_command(command)
        self.assertEqual((run.status, run.stdout), (native.status, native.stdout), run.stderr)

    def one_line(self, run, *parts):
        lines = [line for line in run.stderr.splitlines() if all(part in line for part in parts)]
        self.assertEqual(len(lines), 1, f"one line with {parts}, stderr:\n{run.stderr}")

    def test_no_room_in_shared_memory_at_all(self):
        command = self.host("fills_the_ring")
        run = self.run_with_little_room("64k", "/dev/shm", [], command)
        self.assert_runs_as_ever(run, command)
        self.one_line(run, "memwatch: ", "/dev/shm/", "No space left on device")

    def test_shared_memory_that_fills_up_on_the_way(self):
        # 340 KiB are needed for the segment's first parts; then no ring finds room, or a part of one.
        for size, host in (("400k", "many_threads"), ("800k", "fills_the_ring"), ("1200k", "fills_the_ring")):
            with self.subTest(size=size):
                command = self.host(host)
                native = self.trace_root(command)
                json_file = self.workspace.out / f"{size}.json"
                options = ["-o", self.workspace.out / f"{size}.mw", "--json", json_file]
                run = self.run_with_little_room(size, "/dev/shm", options, command)
                self.assert_runs_as_ever(run, command)
                root = Report(json_file).root
                self.assertFalse(root.losses["exact"])
                self.assertIn("NOT exact", run.stderr)
                self.assertIn("mount -o remount", run.stderr)
                # What was recorded and what was lost is all there was, each call counted once.
                for recorded, lost in (("allocations", "dropped_allocations"), ("frees", "dropped_frees")):
                    with_losses = root.totals[recorded] + root.losses[lost]
                    self.assertLessEqual(with_losses, native.totals[recorded])
                    unmatched = root.losses["unmatched_frees"] if recorded == "frees" else 0
                    self.assertEqual(with_losses + unmatched, native.totals[recorded])
                self.assert_no_complaints(check_sums(root), "sums")

    def test_no_room_for_stacks_cuts_them_and_counts_it(self):
        command = self.host("many_stacks")
        self.assertEqual(self.trace_root(command).losses["truncated_stacks"], 0, "with room for them")
        json_file = self.workspace.out / "report.json"
        options = ["-o", self.workspace.out / "session.mw", "--json", json_file]
        run = self.run_with_little_room("1500k", "/dev/shm", options, command)
        self.assert_runs_as_ever(run, command)
        root = Report(json_file).root
        self.assertGreater(root.losses["truncated_stacks"], 0)
        self.assertEqual(root.totals["allocations"] + root.losses["dropped_allocations"], 4096)
        self.assert_no_complaints(check_sums(root), "sums")

    def test_a_full_disk(self):
        full = self.workspace.root / "full"
        full.mkdir()
        command = [sys.executable, "-c", "import json; print(json.dumps([1, 2]))"]
        # Full from the start, and full when the session file has grown.
        for size, file_system in (("64k", FULL_FILE_SYSTEM), ("8k", SMALL_FILE_SYSTEM)):
            with self.subTest(size=size):
                options = ["-o", full / "session.mw"]
                run = self.run_with_little_room(size, full, options, command, file_system)
                self.assert_runs_as_ever(run, command)
                self.one_line(run, "memwatch: ", "session.mw", "No space left on device")
                self.assertIn("exact: every call recorded", run.stderr, "the summary is there all the same")
                self.assertNotIn("memwatch report", run.stderr, "no command that could not work")

    def test_a_session_file_that_cannot_be_created(self):
        command = self.host("allocates_once")
        for path in (self.workspace.out / "missing" / "session.mw", self.workspace.out):
            with self.subTest(path=path.name):
                run = self.memwatch("run", "-o", path, "--", *command)
                self.assert_runs_as_ever(run, command)
                self.one_line(run, "memwatch: ", str(path), "nothing is written")
                self.assertIn("exact: every call recorded", run.stderr)

    def without_a_place_for_the_socket(self, *options):
        # Neither the runtime directory nor the temporary one exists.
        nowhere = self.workspace.root / "nowhere"
        return self.memwatch(
            "run", *options, "--", *self.host("allocates_once"), XDG_RUNTIME_DIR=nowhere, TMPDIR=nowhere
        )

    def test_a_collector_that_cannot_start_does_not_keep_the_program_from_running(self):
        run = self.without_a_place_for_the_socket()
        self.assert_runs_as_ever(run, self.host("allocates_once"))
        self.one_line(run, "memwatch: ", "nowhere", "the program runs unrecorded")

    def test_strict_does_not_start_what_cannot_be_recorded(self):
        run = self.without_a_place_for_the_socket("--strict")
        self.assertEqual((run.status, run.stdout), (125, b""))
        self.one_line(run, "memwatch: ", "nowhere")

    def test_a_memwatch_without_its_library(self):
        alone = self.workspace.root / "bin" / "memwatch"
        alone.parent.mkdir()
        shutil.copy(configuration.memwatch, alone)
        command = self.host("allocates_once")
        run = self.run_command([alone, "run", "--", *command])
        self.assert_runs_as_ever(run, command)
        self.one_line(run, "memwatch: ", "libmemwatch_preload.so", "the program runs unrecorded")
        strict = self.run_command([alone, "run", "--strict", "--", *command])
        self.assertEqual((strict.status, strict.stdout), (125, b""))

    def run_with_a_stopped_collector(self, *options):
        """A million blocks while nobody empties the ring. How often the program waited meanwhile, and its record."""
        command = [configuration.memwatch, "run", "--quiet", "-o", self.workspace.out / "session.mw", *options, "--"]
        process = subprocess.Popen(
            [str(part) for part in [*command, *self.host("stops_its_collector", "waits")]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.workspace.environment(),
            cwd=self.workspace.out,
        )
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
        self.assertEqual(process.returncode, 0, stderr.decode())
        self.assertRegex(stdout, rb"^waits=\d+\ndone\n$")
        report = self.memwatch("report", self.workspace.out / "session.mw", "--format", "json", "-o", "report.json")
        self.assertEqual(report.status, 0, report.stderr)
        root = Report(self.workspace.out / "report.json").root
        self.assertFalse(root.losses["exact"])
        self.assertGreater(root.losses["dropped_allocations"], 0)
        self.assertEqual(root.totals["allocations"] + root.losses["dropped_allocations"], 1_000_000)
        return int(stdout.split(b"=")[1].split()[0])

    def test_a_stopped_collector_does_not_stop_the_program(self):
        # It does not empty the ring any more: the program waits a second, in many short sleeps, then goes on.
        self.assertGreater(self.run_with_a_stopped_collector(), 100)

    def test_a_program_that_may_lose_events_never_waits_for_a_stopped_collector(self):
        # A few times for the kernel's own reasons, which has locks too.
        self.assertLess(self.run_with_a_stopped_collector("--on-full", "drop"), 20)

    def test_what_a_child_leaves_that_waited_in_vain_is_swept(self):
        # It makes a segment of its own, for another memwatch that may come, and is killed.
        command = ["/bin/sh", "-c", "kill -STOP $PPID; /bin/sh -c 'kill -KILL $$'; kill -CONT $PPID; exit 3"]
        run = self.memwatch("run", "-o", self.workspace.out / "session.mw", "--", *command)
        self.assertEqual(run.status, 3)
        self.assertIn("NOT exact: 1 child process unrecorded", run.stderr)
        self.assertIn("did not answer within the second that a program waits for it", " ".join(run.stderr.split()))
        left = [name for name in shared_memory_names() if name not in self.workspace.shared_memory_before]
        self.assertEqual([name for name in left if name not in shared_memory_in_use()], [])

    def test_a_program_that_waited_in_vain_and_ended_has_a_record_that_says_so(self):
        # Its memwatch is stopped from before its introduction until after its end.
        program = self.host("allocates_once")[0]
        library = program.parent / "libstops_memwatch.so"
        process = subprocess.Popen(
            [configuration.memwatch, "run", "-o", self.workspace.out / "session.mw", "--", program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.workspace.environment(LD_PRELOAD=library),
            cwd=self.workspace.out,
        )
        ended = wait_until(lambda: any(is_gone(pid) for pid in children_of(process.pid)))
        os.kill(process.pid, signal.SIGCONT)
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
        self.assertTrue(ended)
        self.assertEqual((process.returncode, stdout), (5, b"child ran\n"), stderr.decode())
        self.assertIn("ran unrecorded: memwatch did not answer within the second", stderr.decode())
        self.assertIn("nothing was recorded", stderr.decode())
        report = self.memwatch("report", self.workspace.out / "session.mw", "--format", "json", "-o", "report.json")
        self.assertEqual(report.status, 0, report.stderr)
        root = Report(self.workspace.out / "report.json").root
        self.assertEqual(root.exit, {"kind": "exited", "code": 5, "signal": 0})
        self.assertEqual((root.losses["exact"], root.totals["allocations"]), (False, 0))

    def test_a_program_that_gains_privileges_is_refused(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to give a program another owner")
        program = self.workspace.out / "gains"
        shutil.copy(self.host("does_nothing")[0], program)
        os.chown(program, 65534, 65534)
        program.chmod(0o4755)
        run = self.memwatch("run", "--", program)
        self.assertEqual((run.status, run.stdout), (126, b""))
        self.one_line(run, "gains", "set-user-id", "or a copy without the bit")
