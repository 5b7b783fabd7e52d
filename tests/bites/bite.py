"""A row of the table: a protection that a patch takes out, and the tests that must fail then, as the head of the patch
has them, in lines of a word, a colon and what it says:

  out    what is taken out, in a reader's words
  test   what must fail: `integration` and what run_integration.py is told, or `unit` and a program with its arguments;
         one or more, each has to
  shows  which test answers, in a reader's words
  hang   seconds after which a test that has not ended has failed; without it, such a test proves nothing
  tries  how often a test is run at most until it fails, where chance has a part in it (1)
"""

import re
import shlex
from pathlib import Path

HERE = Path(__file__).resolve().parent
ONCE = {"out", "shows", "hang", "tries"}


class BadPatch(Exception):
    """A head that cannot be read; says which and why."""


class Bite:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        head = self.read_head()
        self.out, self.shows = head["out"], head["shows"]
        self.tests = [shlex.split(test) for test in head["test"]]
        self.hang_s = int(head["hang"]) if "hang" in head else None
        self.tries = int(head.get("tries", "1"))
        for test in self.tests:
            if len(test) < 2 or test[0] not in ("integration", "unit"):
                raise BadPatch(f"{path.name}: no such kind of test: {shlex.join(test)}")

    def read_head(self):
        head = {"test": []}
        for line in self.path.read_text().splitlines():
            if line.startswith(("diff ", "--- ")):
                break
            word, colon, rest = line.partition(": ")
            if word == "test":
                head["test"].append(rest)
            elif word in ONCE and word not in head:
                head[word] = rest
            elif colon or line:
                raise BadPatch(f"{self.path.name}: what does this line say? {line}")
        if missing := [word for word in ("out", "shows", "test") if not head.get(word)]:
            raise BadPatch(f"{self.path.name}: its head has no {', '.join(missing)}")
        return head

    def unit_tests(self):
        return [test[1] for test in self.tests if test[0] == "unit"]

    def unknown_tests(self, root):
        """Those that the tree does not have: a test that was renamed would fail for ever."""
        unknown = []
        for kind, name, *_ in self.tests:
            if kind == "unit":
                lists = (root / "tests" / "unit").rglob("CMakeLists.txt")
                known = any(re.search(rf"\b{name}\b", each.read_text()) for each in lists)
            else:
                module, *inner = name.split(".")
                path = root / "tests" / "integration" / f"test_{module}.py"
                known = path.exists() and all(
                    re.search(rf"^\s*(class|def) {word}\b", path.read_text(), re.MULTILINE) for word in inner
                )
            if not known:
                unknown.append(name)
        return unknown


def all_bites():
    return [Bite(path) for path in sorted(HERE.glob("*.patch"))]
