"""The ways a program is run in the comparison: natively, under an interposer that does nothing, under
memwatch in each mode the binary has, and under heaptrack where it is installed.
"""

import re
import shutil
import subprocess

EXACT = "nothing lost"


class Configuration:
    """`command` is what is put in front of the program, with {file} for the tracer's output file."""

    def __init__(self, name, command=(), preload=None, is_tracer=False, slowness=1, follows_children=True, proof="", reader=None):
        self.name = name
        self._command = command
        self.preload = preload
        self.is_tracer = is_tracer  # its command starts the program and ends after it
        self.slowness = slowness  # micro programs do this many times less
        self.follows_children = follows_children
        self.reader = reader  # makes a report of the recording, for tracers that do not print one
        self.proof = proof  # what the tracer's output says when it has done all it promises

    def command(self, program, file, raw=False):
        """`raw`: what is recorded is left uninterpreted, by tracers that can tell the difference."""
        command = self._command(raw) if callable(self._command) else self._command
        return [part.replace("{file}", str(file)) for part in command] + list(program)

    def environment(self, environment):
        return {**environment, "LD_PRELOAD": str(self.preload)} if self.preload else environment


def help_of(command):
    completed = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return completed.stdout.decode(errors="replace")


def option_in(text, option):
    """The paragraph of a help text that describes an option, or ''."""
    found = re.search(rf"^\s.*{option}\b.*(?:\n\s{{10,}}.*)*", text, re.MULTILINE)
    return found[0] if found else ""


def memwatch_configurations(memwatch):
    run = (str(memwatch), "run", "-o", "{file}")
    text = help_of([str(memwatch), "run", "--help"])
    mode, allocator = option_in(text, "--mode"), option_in(text, "--allocator")
    library = memwatch.parent.parent / "lib" / "libmemwatch_preload.so"
    yield Configuration("idle", preload=library)
    if "sample" in mode:
        yield Configuration("sample", (*run, "--mode", "sample", "--"), is_tracer=True)
    yield Configuration("exact", (*run, "--"), is_tracer=True, proof=EXACT)
    if "mimalloc" in allocator:
        command = (*run, "--allocator", "mimalloc", "--")
        yield Configuration("exact+mi", command, is_tracer=True, proof=EXACT)


def heaptrack_configurations():
    if shutil.which("heaptrack") is None:
        return
    text = help_of(["heaptrack", "--help"])
    interpreted = ("--record-only",) if "--record-only" in text else ()
    yield Configuration(
        "heaptrack",
        lambda raw: ("heaptrack", *(("--raw",) if raw else interpreted), "-o", "{file}"),
        is_tracer=True,
        slowness=4,
        follows_children=False,
        reader=shutil.which("heaptrack_print"),
    )


def all_configurations(memwatch, programs):
    """In the order of the tables' columns."""
    return [
        Configuration("native"),
        Configuration("pass", preload=programs / "libpassthrough.so"),
        *memwatch_configurations(memwatch),
        *heaptrack_configurations(),
    ]
