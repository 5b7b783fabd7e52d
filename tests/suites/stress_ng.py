"""stress-ng's stressors of memory, processes and threads, bounded by operations so that each run does the same work; they
verify what they wrote. Compared: their verdicts and how many operations each says it did.
"""

import re

from .suite import Suite, add

STRESSORS = (
    # name, operations, further options
    ("malloc", 60_000, ""),
    ("malloc", 20_000, "--malloc-pthreads 3 --malloc-bytes 64M"),
    ("bigheap", 200, "--bigheap-growth 1M"),
    ("brk", 20_000, ""),
    ("mmap", 40, "--mmap-bytes 32M"),
    ("mmapfork", 2, ""),
    ("mmapmany", 30_000, ""),
    ("mremap", 40, "--mremap-bytes 16M"),
    ("mlock", 2_000, ""),
    ("shm", 8, "--shm-bytes 2M"),
    ("fork", 400, ""),
    ("vfork", 400, ""),
    ("clone", 300, ""),
    ("exec", 60, ""),
    ("spawn", 60, ""),
    ("daemon", 60, ""),
    ("pthread", 2_000, ""),
    ("tree", 20, ""),
    ("tsearch", 10, ""),
    ("stack", 10, ""),
    ("sigsegv", 2_000, ""),
    ("sigq", 5_000, ""),
    ("itimer", 2_000, ""),
    ("context", 2_000, ""),
)


def script():
    lines = []
    for number, (name, operations, more) in enumerate(STRESSORS):
        lines.append(
            f"stress-ng --{name} 2 --{name}-ops {operations} {more} --verify --temp-path . --timeout 60"
            f" --metrics-brief --no-rand-seed > {number}.log 2>&1; echo {number} {name} $?"
        )
    return "\n".join(lines)


def verdicts_as_facts(directory, stdout):
    facts = {}
    for line in stdout.splitlines():
        number, name, status = line.split()
        text = (directory / f"{number}.log").read_text(errors="replace")
        add(facts, f"{name}, status", status)
        found = re.search(r"(passed|successful|failed): (\d+)|successful run completed", text)
        add(facts, f"{name}, verdict", found.group(0) if found else "none")
        did = re.search(rf"\] {name} +(\d+) ", text)
        add(facts, f"{name}, operations", did.group(1) if did else "none")
    return facts


SUITES = [Suite("stress-ng", "verdicts, operations", ("stress-ng",), script(), facts=verdicts_as_facts, limit_s=300)]
