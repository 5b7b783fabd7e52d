"""What one suite is: programs that nobody here wrote, a script that drives them, and what it tells about how they fared.

The script is for /bin/sh, runs in a directory of its own, and must end by itself and take down what it starts.
"""

import os
import pwd
import shutil
import textwrap
from dataclasses import dataclass, field
from typing import Callable

EXACT, SAMPLE, IDLE = "exact", "sample", "idle"
EVERY_MODE = (EXACT, SAMPLE, IDLE)


def output_as_one_fact(directory, stdout):
    return {"output": stdout}


@dataclass(frozen=True)
class Suite:
    name: str
    compared: str  # for the table: what a fact is
    needs: tuple  # programs and files without which it cannot run
    script: str
    prepare: Callable = lambda directory: None  # once per run, before it
    # (directory, stdout) -> {name: outcome}: what must be the same with and without memwatch; the status is always
    facts: Callable = output_as_one_fact
    modes: tuple = EVERY_MODE
    limit_s: int = 300  # for the native run; traced ones have three times as long
    environment: dict = field(default_factory=dict)
    user: str = ""  # run as this user when started as root; "" stays
    # Part of a fact's name -> why it differs under memwatch and may: a limit that docs/reliability.md names.
    explained: dict = field(default_factory=dict)
    every_child_recorded: bool = False  # none may be out of reach, as the children of a sandbox are
    short: bool = False  # part of --short: a few seconds, no package beyond those of the build

    def missing(self):
        return [need for need in self.needs if shutil.which(need) is None and not os.path.exists(need)]

    def shell(self):
        return ["/bin/sh", "-c", textwrap.dedent(self.script)]

    def account(self):
        """The user to become, as an entry of the password file; None to stay."""
        return pwd.getpwnam(self.user) if self.user and os.geteuid() == 0 else None


def lines_as_facts(directory, stdout):
    """Output of the form `name: outcome`, a fact per line; names that come again are numbered."""
    facts = {}
    for line in stdout.splitlines():
        name, _, outcome = line.partition(": ")
        add(facts, name, outcome)
    return facts


def add(facts, name, outcome):
    unique, number = name, 1
    while unique in facts:
        number += 1
        unique = f"{name} ({number})"
    facts[unique] = outcome


def write(path, text):
    path.write_text(textwrap.dedent(text).lstrip("\n"))
