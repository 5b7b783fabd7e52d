"""Which rows of tests/integration/test_hazards.py are run under qemu-user: all, but for what is named here with a
reason. A host of these that was not built fails its row."""

import dataclasses

import test_hazards as hazards

# By host, or by host and first argument.
NOT_HERE = {
    "owns_every_signal": "qemu keeps signals for itself",
    "vfork_child_allocates": "qemu makes a vfork a fork",
    "clones_in_odd_ways": "qemu clears no page in a child (MADV_WIPEONFORK), which is what shows such a child",
    "unshares_namespaces": "qemu has threads, and a program of several may have no new user namespace",
    "limits_itself fsize": "qemu writes a file for whoever opens one of /proc/self",
    "strict_seccomp": "qemu installs no filters",
    "asks_about_seccomp": "the same",
    "sandboxes_itself": "the same",
    "forks_in_a_sandbox filter": "the same",
    "assembly_without_cfi": "its assembly is x86-64's",
    "handler_at_every_instruction": "programs of other processors cannot step themselves",
    **{
        f"another_allocator_{library}": "there is no such library for the processor here"
        for library in ("jemalloc", "tcmalloc", "mimalloc", "jemalloc_static", "tcmalloc_static", "mimalloc_static")
    },
}

# What takes minutes where every instruction is translated: the same with less of it.
FEWER = {
    "forks_short_children": 20,
    "loads_in_a_loop": 50,
    "many_threads": 200,
    "short_lived_threads": 2000,
}
# A child that executes an emulated program has no emulator, unless the system brings one.
EXECUTE = ("execs_itself", "limits_itself", "non_dumpable")

LISTS = (
    hazards.BIRTH_AND_END,
    hazards.SIGNALS,
    hazards.PROCESSES,
    hazards.LIMITS,
    hazards.CODE,
    hazards.ALLOCATORS,
)


def emulated(row):
    """The row as it is run here, or None."""
    if row.host in NOT_HERE or f"{row.host} {row.arguments[0] if row.arguments else ''}" in NOT_HERE:
        return None
    if row.host in EXECUTE:
        return dataclasses.replace(row, processes=0)
    if row.host not in FEWER:
        return row
    arguments = tuple(min(each, FEWER[row.host]) if isinstance(each, int) else each for each in row.arguments)
    # How many processes there are was told for the arguments.
    return dataclasses.replace(row, arguments=arguments, processes=0)


def emulated_rows():
    return [row for row in map(emulated, (row for rows in LISTS for row in rows)) if row is not None]
