"""Process trees: every way to start a child, daemons, chains of exec, children that outlive the root."""

from pathlib import Path

from harness.case import IntegrationTest
from harness.configuration import configuration

CHILD = "allocates_once"

# Whether the way forks first: then the child has a short record of its own before its exec.
WAYS = {
    "execv": True,
    "execvp": True,
    "execl": True,
    "execlp": True,
    "execve": True,
    "fexecve": True,
    "execle_new": True,
    "execvpe_new": True,
    "execve_empty": True,
    "clearenv_execv": True,
    "unsetenv_execv": True,
    "vfork": False,
    "posix_spawn": False,
    "posix_spawnp": False,
    "posix_spawn_empty": False,
    "posix_spawn_new": False,
    "system": False,
    "popen": False,
    "clearenv_system": False,
    "clearenv_popen": False,
}


class ProcessesTest(IntegrationTest):
    def test_every_way_to_start_a_child(self):
        for way, forks in WAYS.items():
            with self.subTest(way=way):
                run = self.trace(self.host("starts_a_child", way, configuration.hosts / CHILD))
                self.check_child(run.report, way, forks)
                self.check_modes(run.report, "exact")

    def test_every_way_to_start_a_child_in_the_other_modes(self):
        for way in WAYS:
            command = self.host("starts_a_child", way, configuration.hosts / CHILD)
            native = self.run_command(command)
            for mode in ("sample", "idle"):
                with self.subTest(way=way, mode=mode):
                    run = self.trace_only(command, ["--mode", mode])
                    self.assertEqual((run.status, run.stdout), (native.status, native.stdout), run.stderr)
                    self.assertEqual(len(run.report.of_program(CHILD)), 1, "records of the child")
                    self.check_modes(run.report, mode)
            with self.subTest(way=way, mode="preloaded, without a collector"):
                run = self.run_command(command, LD_PRELOAD=configuration.preload)
                self.assertEqual((run.status, run.stdout), (native.status, native.stdout), run.stderr)

    def test_a_program_that_cannot_be_recorded_is_told(self):
        for way, forks in WAYS.items():
            if forks or way.endswith("popen"):  # the record of the fork's child says so; popen wants a line
                continue
            for mode in ("exact", "sample", "idle"):
                with self.subTest(way=way, mode=mode):
                    command = self.host("starts_a_child", way, configuration.hosts / "static_program")
                    run = self.trace_only(command, ["--mode", mode])
                    self.assertEqual(run.status, 0, run.stderr)
                    told = [note for p in run.report.processes for note in p.data["notes"] if "could not be" in note]
                    # A shell forks, or lets the program take its own place.
                    phrase = "(started 1 program|went on as another program) that could not be recorded"
                    self.assertEqual(len(told), 1, told)
                    self.assertRegex(told[0], phrase)
                    self.assertEqual(run.report.root.losses["exact"], mode == "exact")

    def test_of_programs_that_could_not_be_executed_nothing_is_told(self):
        path = ":".join(f"/nowhere/{number}" for number in range(40)) + ":/usr/bin"
        for program, is_there in (("true", True), ("there-is-no-such", False)):
            with self.subTest(program=program):
                script = (
                    "import subprocess\n"
                    f"try: subprocess.run(['{program}'], close_fds=False)\n"
                    "except FileNotFoundError: print('none')\n"
                )
                run = self.trace_only(["/usr/bin/python3", "-c", script], PATH=path)
                self.assertEqual((run.status, run.stdout), (0, b"" if is_there else b"none\n"), run.stderr)
                notes = [note for p in run.report.processes for note in p.data["notes"]]
                self.assertEqual([note for note in notes if "could not be recorded" in note], [])
                self.assertEqual(len(run.report.of_program("true")), int(is_there))

    def check_modes(self, report, mode):
        modes = [(Path(process.data["exe"]).name, process.data["mode"]) for process in report.processes]
        self.assertEqual(modes, [(program, mode) for program, _ in modes])

    def check_child(self, report, way, forks):
        root = report.root
        self.assertEqual(root.sum_at("main", "live_bytes"), 1000)
        children = report.of_program(CHILD)
        self.assertEqual(len(children), 1, f"records of the child started by {way}")
        child = children[0]
        self.assertEqual(child.sum_through("child_allocates", "live_bytes"), 2345)
        if way.endswith(("system", "popen")) and child.exit["kind"] == "lost":
            pass  # libc itself waited for it, and was faster than the look at the zombie
        else:
            self.assertEqual((child.exit["kind"], child.exit["code"]), ("exited", 5))
        if not way.endswith(("system", "popen")):
            self.assertEqual(child.data["ppid"], root.pid)
        before_exec = [p for p in report.processes if p.pid == child.pid and p is not child]
        if forks:
            self.assertEqual([p.exit["kind"] for p in before_exec], ["exec"])
            self.assertLessEqual(before_exec[0].data["start"], child.data["start"])
        elif not way.endswith(("system", "popen")):
            self.assertEqual(before_exec, [], "no record before exec")

    def test_fork_starts_at_zero_and_tells_inherited_blocks_apart(self):
        report = self.trace(self.host("forks_and_both_allocate")).report
        root = report.root
        self.assert_totals(root, allocations=3, frees=1, allocated_bytes=600, freed_bytes=200, inherited_frees=0)
        (child,) = [process for process in report.processes if process is not root]
        self.assertEqual(child.data["ppid"], root.pid)
        self.assert_totals(child, allocations=2, allocated_bytes=900, freed_bytes=0, inherited_frees=1)
        self.assertEqual(child.heap["inherited_blocks"], 3)
        self.assertEqual((child.heap["live_blocks"], child.heap["live_bytes"]), (2, 900))
        self.assertEqual((child.exit["kind"], child.exit["code"]), ("exited", 7))
        self.assertEqual(child.sum_through("child_allocates", "live_bytes"), 900)

    def test_fork_while_other_threads_allocate(self):
        report = self.trace(self.host("forks_while_threads_allocate")).report
        children = [process for process in report.processes if process is not report.root]
        self.assertEqual(len(children), 20)
        for child in children:
            self.assert_totals(child, allocations=10, allocated_bytes=770)
            self.assertEqual((child.exit["kind"], child.exit["code"]), ("exited", 3))

    def test_a_chain_of_execs_is_one_record_per_image(self):
        report = self.trace(self.host("execs_itself", "3")).report
        images = sorted(report.processes, key=lambda process: process.data["start"])
        self.assertEqual([image.heap["live_bytes"] for image in images], [400, 300, 200, 100])
        self.assertEqual(len({image.pid for image in images}), 1)
        self.assertEqual([image.exit["kind"] for image in images], ["exec"] * 3 + ["exited"])
        self.assertEqual(images[-1].exit["code"], 9)

    def test_a_daemon_is_followed(self):
        report = self.trace(self.host("becomes_a_daemon")).report
        self.assertEqual(len(report.processes), 3)
        daemons = [process for process in report.processes if process.sum_through("daemon_works", "live_bytes")]
        self.assertEqual([daemon.heap["live_bytes"] for daemon in daemons], [4321])

    def test_waiting_for_all_includes_children_that_outlive_the_root(self):
        run = self.trace(self.host("leaves_a_child_running"), options=["--wait-all"])
        (child,) = [process for process in run.report.processes if process is not run.report.root]
        self.assertEqual(child.exit["kind"], "exited")
        self.assertEqual(child.heap["live_bytes"], 222)

    def test_without_following_only_the_root_is_recorded(self):
        command = self.host("starts_a_child", "execv", configuration.hosts / CHILD)
        run = self.trace(command, options=["--no-follow"])
        self.assertEqual(run.report.of_program(CHILD), [])
        self.assertEqual(run.report.root.heap["live_bytes"], 1000)

    def test_a_shell_pipeline(self):
        child = configuration.hosts / CHILD
        script = f"{child} | cat; {child} > /dev/null; echo status $?"
        run = self.trace(["/bin/sh", "-c", script])
        children = run.report.of_program(CHILD)
        self.assertEqual([process.heap["live_bytes"] for process in children], [2345, 2345])
