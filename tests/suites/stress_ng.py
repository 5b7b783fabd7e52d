"""stress-ng's stressors of memory, processes, threads and signals, bounded by operations so that each run does the same
work; they verify what they wrote. Compared: their verdicts, and whether each did its operations in time (some do a few more,
as two of their processes happen to count). Not its munmap: that unmaps what it does not know, memwatch's memory too, which
docs/reliability.md names as a limit.
"""

import re

from .suite import Suite, add

STRESSORS = (
    # name, operations, further options
    ("malloc", 60_000, ""),
    ("malloc", 20_000, "--malloc-pthreads 3 --malloc-bytes 64M"),
    ("bigheap", 200, "--bigheap-growth 1M"),
    ("brk", 20_000, ""),
    ("mmap", 20, "--mmap-bytes 16M"),
    ("mmapaddr", 5_000, ""),
    ("mmapfork", 2, ""),
    ("mmapmany", 30_000, ""),
    ("mremap", 40, "--mremap-bytes 16M"),
    ("msync", 20, ""),
    ("mlock", 2_000, ""),
    ("memfd", 20, ""),
    ("shm", 8, "--shm-bytes 2M"),
    ("userfaultfd", 20, ""),
    ("vm", 10_000, "--vm-bytes 16M"),
    ("fork", 400, ""),
    ("vfork", 400, ""),
    ("clone", 150, ""),
    ("exec", 60, ""),
    ("spawn", 60, ""),
    ("daemon", 60, ""),
    ("zombie", 500, ""),
    ("session", 100, ""),
    ("resources", 4, ""),
    ("env", 2, ""),
    ("pthread", 2_000, ""),
    ("mutex", 20_000, ""),
    ("futex", 1_000, ""),
    ("tree", 10, "--tree-size 10000"),
    ("tsearch", 10, ""),
    ("stack", 10, ""),
    ("bad-altstack", 200, ""),
    ("signal", 5_000, ""),
    ("signest", 500, ""),
    ("sigabrt", 200, ""),
    ("sigchld", 1_000, ""),
    ("sigfd", 2_000, ""),
    ("sigfpe", 2_000, ""),
    ("sigio", 500, ""),
    ("sigpending", 5_000, ""),
    ("sigpipe", 2_000, ""),
    ("sigq", 5_000, ""),
    ("sigrt", 2_000, ""),
    ("sigsegv", 2_000, ""),
    ("sigsuspend", 2_000, ""),
    ("sigtrap", 2_000, ""),
    ("alarm", 4, ""),
    ("itimer", 300, ""),
    ("timer", 2_000, ""),
    ("context", 2_000, ""),
)


def script():
    lines = []
    for number, (name, operations, more) in enumerate(STRESSORS):
        lines.append(
            f"stress-ng --{name} 2 --{name}-ops {operations} {more} --verify --temp-path . --timeout 200"
            f" --metrics-brief --no-rand-seed > {number}.log 2>&1; echo {number} {name} $?"
        )
    return "\n".join(lines)


def verdicts_as_facts(directory, stdout):
    facts = {}
    for line in stdout.splitlines():
        number, name, status = line.split()
        asked = STRESSORS[int(number)][1]
        text = (directory / f"{number}.log").read_text(errors="replace")
        add(facts, f"{name}, status", status)
        found = re.search(r"(passed|successful|failed): (\d+)|successful run completed", text)
        add(facts, f"{name}, verdict", found.group(0) if found else "none")
        did = re.search(rf"\] {name} +(\d+) ", text)
        add(facts, f"{name}, operations", "all" if did and int(did.group(1)) >= asked else did.group(1) if did else "none")
    return facts


SUITES = [Suite("stress-ng", "verdicts, operations", ("stress-ng",), script(), facts=verdicts_as_facts, limit_s=300)]
