"""What the figures were measured on, as lines of text."""

import os
import platform
import shutil
import subprocess
from pathlib import Path


def machine_lines(memwatch):
    return [
        f"processor: {processor()}, {len(os.sched_getaffinity(0))} cores, {memory()} of memory",
        f"system: {distribution()}, Linux {platform.release()}, {' '.join(platform.libc_ver())}",
        f"compiler: {first_line(['g++', '--version'])}",
        f"memwatch: {first_line([str(memwatch), '--version'])}",
        f"heaptrack: {first_line(['heaptrack', '--version']) if shutil.which('heaptrack') else 'not installed'}",
        f"load when it began: {os.getloadavg()[0]:.1f}",
    ]


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory():
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return f"{int(line.split()[1]) / (1 << 20):.0f} GiB"
    return "unknown"


def distribution():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def first_line(command):
    try:
        completed = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except FileNotFoundError:
        return "not installed"
    return (completed.stdout.decode(errors="replace").splitlines() or ["unknown"])[0]
