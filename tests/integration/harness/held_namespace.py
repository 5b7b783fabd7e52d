"""A mount namespace with a small file system in it, which stays while programs in it come and go."""

import subprocess
from pathlib import Path

from test_trouble import SMALL_FILE_SYSTEM, namespace_command


class HeldNamespace:
    """`enter`: what a command begins with to run in it, with our user; skips the test where there can be none."""

    def __init__(self, test, size, directory):
        command = namespace_command()
        if command is None:
            test.skipTest("no mount namespaces here (they need root, or user namespaces)")
        holder = subprocess.Popen(
            [*command, "sh", "-c", SMALL_FILE_SYSTEM, "sh", size, directory, "sh", "-c", "echo held; exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        test.addCleanup(holder.wait)
        test.addCleanup(holder.stdin.close)
        test.addCleanup(holder.stdout.close)
        test.assertEqual(holder.stdout.readline(), b"held\n")
        users = ["--user", "--preserve-credentials"] if "--user" in command else []
        self.enter = ["nsenter", f"--target={holder.pid}", "--mount", *users, "--"]
        self.seen_from_here = Path(f"/proc/{holder.pid}/root{directory}")
