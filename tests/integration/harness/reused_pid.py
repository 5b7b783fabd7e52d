"""A process that has the number of one that has ended, where the kernel lets us choose (root of the first namespace)."""

from pathlib import Path


def start_with_pid(pid, start, end):
    """What start() returns, whose .pid is that; others that it returned are ended by end(it). None: it cannot be had."""
    for _ in range(50):
        try:
            Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        except OSError:
            return None
        started = start()
        if started.pid == pid:
            return started
        end(started)
    return None
