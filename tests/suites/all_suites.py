"""Every suite, in the order of the table."""

from . import bun, chromium, cpython, gdb, java, lua, nginx, postgresql, redis, sqlite, stress_ng

ALL = [
    suite
    for module in (cpython, sqlite, lua, redis, nginx, postgresql, java, bun, chromium, gdb, stress_ng)
    for suite in module.SUITES
]
