"""Programs that run beside the test, talked to by their standard input and output, and killed at its end."""

import subprocess

from harness.case import TIMEOUT_S
from harness.workspace import remove_segments_of


class RunningProgram:
    def __init__(self, test, command, environment, stderr=None):
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
            cwd=test.workspace.out,
        )
        test.addCleanup(self.leave_nothing)
        self.pid = self.process.pid

    def line(self):
        return self.process.stdout.readline().decode().strip()

    def end(self):
        """Ends its input; its status, and the output that was not read yet."""
        output, _ = self.process.communicate(timeout=TIMEOUT_S)
        return self.process.returncode, output

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


    def leave_nothing(self):
        self.kill()
        remove_segments_of(self.pid)


class Target(RunningProgram):
    """A host that runs with the shim loaded and nobody recording, until its input ends."""

    def __init__(self, test, command=None, stderr=subprocess.PIPE, **more):
        super().__init__(test, command or test.host("steady_rate"), test.workspace.environment(**more), stderr)
        test.assertEqual(self.line(), "ready")
