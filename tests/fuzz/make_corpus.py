#!/usr/bin/env python3
"""Makes the seeds of the corpus again (corpus/NAME/seed-…), needed when a format or a fuzzer's input changes. Files
with other names were found by the fuzzers and stay.

usage: tests/fuzz/make_corpus.py [BUILD]     (default: build/release, of which memwatch and the hosts are used)

Sessions are recorded from tiny programs in a directory and under a host name of no importance; unwind tables are
those of the tiny programs, and call-frame instructions those of this machine's C and C++ libraries.
"""

import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release").resolve()


def write(target, seeds):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("seed-*"):
        old.unlink()
    for name, content in seeds.items():
        (folder / f"seed-{name}").write_bytes(content if isinstance(content, bytes) else content.encode())
    print(f"{target}: {len(seeds)} seeds, {sum(map(len, seeds.values()))} bytes")


# -- records: shared/record_layout.h; how they are dealt out: record_decoder.cpp

EXTENDED = 31 << 44
MALLOC, REALLOC, FREE, NEW, MMAP, MUNMAP, MREMAP, BRK = 1, 3, 5, 13, 15, 17, 18, 19


def short(function, address, size=0, stack=0, sequence=0):
    return [address >> 4 | function << 44 | (sequence & 0x7FFF) << 49, size | (sequence >> 15) << 24 | stack << 32]


def extended(kind, *words):
    slots = (len(words) + 2) // 2
    words = [EXTENDED | kind | slots << 8, *words]
    return words + [0] * (2 * slots - len(words))


def named(stack, function):
    return stack | function << 32


def decoder_input(rings, nodes, modules, records):
    """rings: sequenced or not; nodes: (pc, parent, module); modules: (bias, name offset, bytes, id bytes)."""
    out = bytes([len(rings) - 1, *rings, len(nodes)])
    for pc, parent, module in nodes:
        out += struct.pack("<QI", pc, parent | module << 26)
    out += bytes([len(modules)])
    for module in modules:
        out += struct.pack("<QIIB", *module)
    for ring, words in records:
        for at in range(0, len(words), 2):
            out += struct.pack("<BQQ", ring, *words[at : at + 2])
    return out


def record_seeds():
    a, b = 0x555500001000, 0x555500002000
    nodes = [(0x401000, 0, 1), (0x401100, 2, 1), (0x7F0000001000, 3, 2), (1 << 63 | 0x401200, 2, 1)]
    modules = [(0x400000, 0, 0, 20), (0x7F0000000000, 0, 8, 20)]
    one = [
        ("short", [short(MALLOC, a, 24, 4), short(NEW, b, 100, 5), short(FREE, a), short(14, b)]),
        ("long", [extended(1, a + 8, 1 << 30, named(4, MALLOC), 0), extended(2, a + 8, FREE, 0)]),
        ("realloc", [short(MALLOC, a, 24, 4), extended(3, a, b, 48, named(4, REALLOC), 0), short(FREE, b)]),
        ("failure", [extended(4, 1 << 60, named(4, MALLOC), 12 | 1 << 32, 0, 0), extended(4, 9, named(3, REALLOC), 12, a, 0)]),
        ("pages", [extended(5, a, 0x3000, named(4, MMAP), 0), extended(6, a, 0x1000, named(4, MUNMAP), 0, 0),
                   extended(7, a + 0x1000, 0x2000, b, 0x4000, named(4, MREMAP), 1 | 2 << 32, 0),
                   extended(8, a, a + 0x800, named(4, BRK), 3)]),
        ("thread", [extended(9, 77, 0, 0x6B726F77, 0), extended(11, 1500), short(MALLOC, a, 1), extended(10), short(FREE, a)]),
        ("processes", [extended(12, 1), extended(13, 4711, 9)]),
        ("sample", [extended(14, a, 24, named(4, MALLOC), 0, 524288), extended(2, a, FREE, 0), extended(14, b, 7, named(4, NEW), 1 << 32, 0)]),
        ("nonsense", [short(0, a), extended(99, 1), [EXTENDED | 1 | 2 << 8, a], short(MALLOC, 0, 5)]),
        ("beyond", [[EXTENDED | 1 | 3 << 8, a]]),
    ]
    seeds = {name: decoder_input([0], nodes, modules, [(0, words) for words in records]) for name, records in one}
    seeds["empty"] = b""
    across = [(1, short(FREE, a, 0, 0, 1)), (0, short(MALLOC, a, 24, 4, 0)), (2, short(MALLOC, a, 8, 3, 2)), (2, short(FREE, a, 0, 0, 3))]
    seeds["across-rings"] = decoder_input([1, 1, 1], nodes, modules, across)
    crossed = [(0, extended(3, a, b, 8, named(4, REALLOC), 0 | 1 << 32)), (1, extended(3, b, a, 9, named(3, REALLOC), 0 | 1 << 32))]
    seeds["crossed-reallocations"] = decoder_input([1, 1], nodes, modules, crossed)
    seeds["gap"] = decoder_input([1, 1], nodes, modules, [(0, short(MALLOC, a, 1, 0, 9)), (1, short(FREE, a, 0, 0, 20))])
    cyclic = [(0x1000, 2, 0), (0x2000, 4, 63), (0x3000, 3, 1)]
    seeds["cyclic-stacks"] = decoder_input([0], cyclic, modules, [(0, short(MALLOC, a + i * 16, 1, i)) for i in range(8)])
    return seeds


# -- commands on a segment: segment_reader.cpp

WRITE, FLIP, DRAIN, PUBLISH, ATTACH, CUT, FLIGHT, IDLE = range(8)
HEADER, SLOTS, SHARDS, NODES, MODULES, NAMES, FLIGHTS, RINGS = range(8)


def put(part, offset, value):
    return struct.pack("<BQBH", WRITE, value & (1 << 64) - 1, part, offset)


def flip(part, offset, bit):
    return struct.pack("<BBHB", FLIP, part, offset, bit)


def segment_seeds():
    drain, attach, flight, idle = (bytes([command]) for command in (DRAIN, ATTACH, FLIGHT, IDLE))

    def publish(ring, slots):
        return struct.pack("<BBH", PUBLISH, ring, slots)

    def cut(pages):
        return struct.pack("<BH", CUT, pages)

    geometry = 24  # in the header: after magic, version, header bytes and id
    return {
        "honest": drain + flight + idle + attach,
        "positions": drain + put(SLOTS, 0, -1) + drain + put(SLOTS, 128, 1 << 40) + drain + put(SLOTS, 0, 0),
        "one-slot-more": drain + publish(0, 1) + drain + publish(1, 3),
        "a-lap-more": publish(0, 1024) + drain + publish(1, 1025),
        "consumed": put(SLOTS, 64, -1) + drain + attach + drain,
        "used": put(HEADER, 384, -1) + drain + put(HEADER, 388, -1),
        "magic": put(HEADER, 0, 0) + attach,
        "version": put(HEADER, 8, 99 | 4096 << 32) + attach,
        "geometry-bytes": put(HEADER, geometry, 1 << 50) + attach + drain,
        "geometry-offset": put(HEADER, geometry + 24, 1 << 50) + attach + drain,
        "geometry-counts": put(HEADER, geometry + 64, -1) + attach + drain,
        "not-ready": put(HEADER, 160, 0) + attach + drain,
        "cyclic-stacks": b"".join(put(NODES, 16 * node + 8, (7 - node) | 1 << 32) for node in range(2, 8)) + drain,
        "far-stacks": b"".join(put(RINGS, 16 * at + 8, 0xFFFFFFF0 << 32) for at in range(3, 9)) + drain,
        "modules": put(MODULES, 64 + 24, -1) + put(MODULES, 64 + 32, -1) + drain,
        "names": put(MODULES, 64 + 24, 4096 << 32) + drain,
        "flights": put(FLIGHTS, 0, -1) + flight + put(FLIGHTS, 32, -1) + flight,
        "flips": b"".join(flip(RINGS, at * 7, at % 8) + drain for at in range(40)),
        "header-flips": b"".join(flip(HEADER, at * 5, at % 8) for at in range(40)) + drain + attach,
        "cut-to-nothing": cut(0) + drain + flight,
        "cut-in-the-middle": drain + cut(5) + publish(0, 8) + drain + cut(500) + drain,
        "cut-and-opened": cut(1) + attach + drain + cut(2) + attach,
        "empty": b"",
    }


# -- unwind tables: unwind_tables.cpp


def sections_of(path):
    listing = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in listing.splitlines():
        fields = line.split("]", 1)[-1].split()
        if len(fields) > 5 and fields[0] in (".eh_frame_hdr", ".eh_frame"):
            found[fields[0]] = tuple(int(field, 16) for field in fields[2:5])
    return found


def tables_of(path):
    """From the header to the end of the frames, as they lie in memory, and where the first functions are."""
    parts = sections_of(path)
    (header, offset, _), (frames, _, size) = parts[".eh_frame_hdr"], parts[".eh_frame"]
    bytes_ = Path(path).read_bytes()[offset : offset + frames + size - header]
    count = struct.unpack_from("<I", bytes_, 8)[0]
    return bytes_, [struct.unpack_from("<i", bytes_, 12 + 8 * entry)[0] for entry in range(count)]


def instructions_of(path):
    """Pairs of a CIE's and an FDE's call-frame instructions, in order of the file."""
    parts = sections_of(path)
    _, offset, size = parts[".eh_frame"]
    bytes_ = Path(path).read_bytes()[offset : offset + size]
    at, cies = 0, {}
    while at + 8 <= len(bytes_):
        length, ident = struct.unpack_from("<II", bytes_, at)
        if length == 0:
            break
        body = bytes_[at + 8 : at + 4 + length]
        if ident == 0:
            augmentation = body[1 : body.index(0, 1)]
            # Alignments and return register take a byte each on this machine, and so does the size of the data.
            data = 1 + len(augmentation) + 1 + 3
            cies[at] = body[data + 1 + body[data] :] if augmentation[:1] == b"z" else body[data:]
        else:
            cie = cies.get(at + 4 - ident)
            if cie is not None:
                yield cie, body[9 + body[8] :]
        at += 4 + length


def unwind_seeds():
    seeds = {}
    for host in ("does_nothing", "assembly_without_cfi", "throws_through_callers", "recurses_deeply"):
        tables, starts = tables_of(BUILD / "tests/hosts" / host)
        if len(tables) > 6000:
            continue
        for name, start in (("first", starts[0]), ("last", starts[-1]), ("middle", starts[len(starts) // 2] + 4)):
            seeds[f"{host}-{name}"] = struct.pack("<Bi", 0, start) + tables
    seeds["empty-tables"] = struct.pack("<Bi", 0, 0) + b"\x01\x1b\x03\x3b" + bytes(8)
    seen, number = set(), 0
    for library in ("libc.so.6", "libstdc++.so.6", "ld-linux-x86-64.so.2"):
        for cie, fde in instructions_of(Path("/lib/x86_64-linux-gnu") / library):
            # One of each set of operations, roughly: what is an operand looks like one too.
            kinds = frozenset(byte & 0xC0 or byte for byte in fde if byte < 0x30 or byte >= 0x40)
            if kinds in seen or len(fde) > 400:
                continue
            seen.add(kinds)
            if len(seen) % 40 != 1:
                continue
            number += 1
            seeds[f"instructions-{number:02}"] = struct.pack("<BHB", 1, 0xFFF, len(cie)) + cie + fde
    return seeds


# -- sessions: as they are, and their pieces without checksums: session_reader.cpp


def session_seeds():
    seeds = {"empty": b""}
    hosts = {"does_nothing": [], "zero_sizes": [], "failed_c_calls": [], "forks_and_both_allocate": [], "mapping_arithmetic": []}
    with tempfile.TemporaryDirectory(prefix="mw-") as scratch:
        for host, arguments in hosts.items():
            # Without debug information: it holds the paths of this checkout.
            subprocess.run(["strip", "-g", "-o", f"{scratch}/{host}", BUILD / "tests/hosts" / host], check=True)
            command = ["unshare", "--uts", "sh", "-c", 'hostname host; exec "$0" run -q -o session.mw -- "$@"',
                       BUILD / "bin/memwatch", f"./{host}", *arguments]
            environment = {"PATH": os.environ["PATH"], "HOME": scratch}
            subprocess.run(command, cwd=scratch, env=environment, check=True, capture_output=True)
            session = (Path(scratch) / "session.mw").read_bytes()
            seeds[host] = session
            seeds[f"{host}-cut"] = session[: len(session) * 2 // 3]
    return seeds


if __name__ == "__main__":
    write("record_decoder", record_seeds())
    write("segment_reader", segment_seeds())
    write("unwind_tables", unwind_seeds())
    write("session_reader", session_seeds())
