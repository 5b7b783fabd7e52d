"""A copy of the sources with a build of its own, in which patches come and go; the tree itself is never touched."""

import os
import shutil
import subprocess

# What integration tests need, but for the pages, which no protection is in.
TARGETS = ("memwatch", "memwatch_preload", "hosts", "oracle", "random_allocator")


class Failed(Exception):
    """A command did not do what it is for; says which, with the end of what it printed."""


def check(command, directory, **more):
    done = subprocess.run(
        [str(part) for part in command], cwd=directory, capture_output=True, text=True, check=False, **more
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        errors = "\n".join(line for line in said.splitlines() if "error: " in line)
        raise Failed(f"{' '.join(map(str, command[:2]))}: status {done.returncode}\n{errors or said[-2000:]}")
    return done.stdout


def why_not_apply(root, patch):
    """What git says; "" if it does apply. Lines may have moved; what the patch sees of their neighbours must be the same."""
    try:
        check(["git", "apply", "--check", patch], root)
    except Failed as failure:
        return str(failure)
    return ""


class CopiedTree:
    def __init__(self, sources, place):
        self.root = place / "tree"
        self.build_directory = self.root / "build" / "release"
        names = check(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], sources).split("\0")
        for name in filter(None, names):
            if not os.path.lexists(sources / name):
                continue  # deleted, and not committed yet
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(sources / name, self.root / name, follow_symlinks=False)
        self.environment = dict(os.environ)
        if shutil.which("ccache"):
            # Relative paths: what was compiled in another tree need not be compiled again.
            self.environment.update(
                CMAKE_C_COMPILER_LAUNCHER="ccache",
                CMAKE_CXX_COMPILER_LAUNCHER="ccache",
                CCACHE_BASEDIR=str(self.root),
                CCACHE_NOHASHDIR="1",
            )

    def configure(self):
        check(["cmake", "--preset", "release", "-DMEMWATCH_DASHBOARD=OFF"], self.root, env=self.environment)

    def build(self, more_targets=()):
        command = ["cmake", "--build", "--preset", "release", "--target", *TARGETS, *more_targets]
        check(command, self.root, env=self.environment)

    # The patches as they were when the copy was made: somebody may be working on them meanwhile.
    def copy_of(self, patch):
        return self.root / "tests" / "bites" / patch.name

    def why_not_apply(self, patch):
        return why_not_apply(self.root, self.copy_of(patch))

    def apply(self, patch):
        check(["git", "apply", self.copy_of(patch)], self.root)

    def revert(self, patch):
        check(["git", "apply", "--reverse", self.copy_of(patch)], self.root)
