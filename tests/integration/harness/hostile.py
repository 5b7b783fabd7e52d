"""Somebody writes into a segment, or cuts it off, while it is read: what the collector must make of it. Each function is one
try and returns a list of complaints; empty is good. Used by test_hostile.py and scripts/soak.
"""

import mmap
import os
import re
import struct
import subprocess
import time

from .configuration import configuration
from .report import Report
from .workspace import SHARED_MEMORY

PATIENCE_S = 120
FLIPS = 4000
MOST_MEMORY_KB = 400_000
# Geometry in the header (shared/segment_layout.h): eight offsets from byte 24 on, then the counts.
GEOMETRY = struct.Struct("<8Q5I")
RINGS_LOOKED_AT = 4 * 65536 * 16  # the four rings in use


class Recorded:
    """memwatch with a busy program, and the segment between them."""

    def __init__(self, workspace):
        self.workspace = workspace
        self.session = workspace.out / "session.mw"
        self.json_file = workspace.out / "report.json"
        command = [configuration.memwatch, "run", "-o", self.session, "--json", self.json_file, "--"]
        before = set(SHARED_MEMORY.glob("memwatch.*"))
        self.process = subprocess.Popen(
            [str(part) for part in [*command, configuration.hosts / "busy_until_end_of_input"]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=workspace.environment(), cwd=workspace.out,
        )  # fmt: skip
        ready = self.process.stdout.readline()
        pids = self.descendants()
        new = [path for path in set(SHARED_MEMORY.glob("memwatch.*")) - before if int(path.name.split(".")[2]) in pids]
        if ready != b"ready\n" or len(new) != 1:
            self.process.kill()
            raise RuntimeError(f"said {ready!r}, segments of the program: {new}")
        self.segment = new[0]

    def descendants(self):
        listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, check=True)
        return {int(pid) for pid in listing.stdout.split()}

    def memory_kb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s*(\d+)", status.read())[1])

    def finish(self, *, target_lives=True):
        """Ends the program's input. What is wrong with the end, the collector's memory and what is said of the damage."""
        memory = self.memory_kb()
        try:
            stdout, stderr = self.process.communicate(b"", timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            return ["it does not end"]
        errors = stderr.decode(errors="replace")
        if not self.json_file.exists():
            return [f"no report; status {self.process.returncode}: {errors}"]
        found = []
        if target_lives and (self.process.returncode, stdout) != (0, b"bye\n"):
            found.append(f"status {self.process.returncode}, said {stdout!r}: {errors}")
        if memory >= MOST_MEMORY_KB:
            found.append(f"the collector took {memory} KB")
        losses = Report(self.json_file).root.losses
        if losses["damaged_records"] == 0 or losses["exact"]:
            found.append(f"the damage is not counted: {losses}")
        if len([line for line in errors.splitlines() if "damaged record" in line]) != 1:
            found.append(f"not one line about damaged records: {errors}")
        shown = subprocess.run(
            [str(configuration.memwatch), "report", str(self.session)],
            env=self.workspace.environment(), capture_output=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        page = shown.stdout.decode(errors="replace")
        if shown.returncode != 0 or page.count("damaged record") != 1:
            found.append(f"report: status {shown.returncode}, {shown.stderr!r}: {page}")
        return found


def flip_bits(workspace, at):
    """Bits of a segment flip while a program of three threads is recorded in it."""
    recorded = Recorded(workspace)
    with open(recorded.segment, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        (size, slots, _, nodes, modules, names, flight, rings, *_) = GEOMETRY.unpack_from(memory, 24)
        parts = [(slots, 4 * 128), (nodes, 400 * 16), (modules, 16 * 64), (names, 512), (flight, 1024)]
        parts += [(rings, RINGS_LOOKED_AT)] * 5
        if rings + RINGS_LOOKED_AT > size:
            return [*recorded.finish(), "the segment is laid out in another way"]
        for flip in range(FLIPS):
            start, length = at.choice(parts)
            # Read, changed and written in one go, as far as Python has one.
            memory[start + at.randrange(length)] ^= 1 << at.randrange(8)
            if flip % 100 == 0:
                time.sleep(0.005)  # spread over the recording; nothing depends on how long
    return recorded.finish()


def cut_off(workspace):
    """The segment is cut off. The program that writes to it is ended by that (SIGBUS), as it would be by cutting any file
    it has mapped."""
    recorded = Recorded(workspace)
    os.truncate(recorded.segment, 8192)
    found = recorded.finish(target_lives=False)
    if recorded.json_file.exists():
        notes = Report(recorded.json_file).root.data["notes"]
        if not any("shared memory" in note for note in notes):
            found.append(f"no note says what is missing: {notes}")
    return found
