"""The most that was resident in each process, to the page, also of what came and went between two samples."""

from harness.case import IntegrationTest

# Prints what the kernel knows of this image's most, right before the end. A child and a second image have other mosts.
PROGRAM = """
import os, sys

def come_and_go(mebibytes):
    block = bytearray(mebibytes << 20)
    del block

def say(name):
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            os.write(1, f"{name} {os.getpid()} {int(line.split()[1]) * 1024}\\n".encode())

if os.fork() == 0:
    come_and_go(40)
    say("child")
    os._exit(0)
os.wait()
if sys.argv[1] == "exec":
    come_and_go(60)
    say("before")
    os.execv(sys.executable, [sys.executable, "-c", sys.argv[2], "return", sys.argv[2]])
come_and_go(90)
say(sys.argv[1])
if sys.argv[1] == "_exit":
    os._exit(0)
"""


class PeaksTest(IntegrationTest):
    def compare(self, way):
        command = ["/usr/bin/python3", "-c", PROGRAM, way, PROGRAM]
        run = self.trace(command, options=("--rss-interval", "3600000"), same_output=False)
        told = [line.split() for line in run.stdout.decode().splitlines()]
        self.assertEqual(len(told), 4 if way == "exec" else 2, run.stdout)
        seen = [(process.pid, process.data["rss"]["peak"]) for process in run.report.processes]
        self.assertEqual(len(seen), len(told))
        for name, pid, most in told:
            # The kernel counts pages in batches for each processor, so that its own figures differ by some.
            near = [peak for process, peak in seen if process == int(pid) and abs(peak - int(most)) < 2 << 20]
            self.assertEqual(len(near), 1, f"{name} {pid} had {most}; {seen}")

    def test_return(self):
        self.compare("return")

    def test_underscore_exit(self):
        self.compare("_exit")

    def test_each_image_of_a_process_has_its_own(self):
        self.compare("exec")
