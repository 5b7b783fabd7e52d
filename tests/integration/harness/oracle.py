"""Runs a program under the counting interposer and reads its numbers; see tests/support/oracle."""

import struct
import subprocess

from .configuration import configuration

# What both count, so what must agree; the peaks only where the order of events is fixed.
TOTALS = (
    "totals.allocations",
    "totals.frees",
    "totals.reallocations",
    "totals.allocated_bytes",
    "totals.freed_bytes",
    "totals.failed",
    "totals.temporary",
    "totals.maps",
    "totals.unmaps",
    "totals.mapped_bytes",
    "totals.unmapped_bytes",
    "heap.live_blocks",
    "heap.live_bytes",
    "mapped.live_bytes",
)
PEAKS = ("heap.peak_bytes", "mapped.peak_bytes")
FREEING = ("free", "free_sized", "free_aligned_sized", "operator delete", "munmap")


def read_counters(path):
    """The file is a row of 64-byte records: a name padded with zeros, an unsigned 64-bit value."""
    data = path.read_bytes()
    records = (data[start : start + 64] for start in range(0, len(data), 64))
    return {record[:56].rstrip(b"\0").decode(): struct.unpack("=Q", record[56:])[0] for record in records}


def run_under_oracle(workspace, command, **options):
    """Counters of the process that was started (its first image), by name."""
    out = workspace.out / "oracle"
    out.mkdir(exist_ok=True)
    environment = workspace.environment(LD_PRELOAD=configuration.oracle, ORACLE_OUT=out / "%p")
    process = subprocess.Popen(
        [str(part) for part in command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
    )
    process.communicate(timeout=120)
    return read_counters(out / f"{process.pid}.0")


def differences(counters, process, with_peaks):
    """Lines that name what memwatch and the oracle disagree on."""
    found = []

    def compare(name, expected, got):
        if expected != got:
            found.append(f"{name}: memwatch {got}, oracle {expected}")

    for name in TOTALS + (PEAKS if with_peaks else ()):
        group, field = name.split(".")
        compare(name, counters[name], process.data[group][field])
    names = {name.split(".")[1] for name in counters if name.startswith("functions.")}
    for function in sorted(names | set(process.functions)):
        compare(f"calls of {function}", counters.get(f"functions.{function}.calls"), process.calls(function))
        compare(f"failed {function}", counters.get(f"functions.{function}.failed"), process.failed(function))
        if function not in FREEING:
            compare(f"bytes of {function}", counters.get(f"functions.{function}.bytes"), process.bytes(function))
    return found
