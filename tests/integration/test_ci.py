"""The templates of docs/ci: their own lines, as a runner would execute them, on a small project of its own. Fetching
and building memwatch is left out, since that is what is being tested."""

import re
import shutil
import subprocess
import unittest
from pathlib import Path

from harness.case import IntegrationTest
from harness.configuration import configuration

TEMPLATES = Path(__file__).resolve().parents[2] / "docs" / "ci"

PROJECT = """cmake_minimum_required(VERSION 3.16)
project(app CXX)
add_executable(app app.cpp)
"""

PROGRAM = """#include <cstdlib>
#include <cstring>
__attribute__((noinline)) void* fill(std::size_t size) {
  void* block = std::malloc(size);
  std::memset(block, 1, size);
  return block;
}
int main() { std::free(fill(SIZE)); }
"""


def steps_of_github(text):
    """The commands of each `run:`, on its own line or as a block below it."""
    steps = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = re.match(r"( +)(?:- )?run: ?(.*)$", line)
        if not found:
            continue
        if found[2] != "|":
            steps.append(found[2])
            continue
        block = []
        for below in lines[number + 1 :]:
            if below.strip() and len(below) - len(below.lstrip()) <= len(found[1]):
                break
            block.append(below.strip())
        steps.append("\n".join(block))
    return steps


def steps_of_gitlab(text):
    """The items of `script:`, with their continuations."""
    section = re.search(r"^  script:\n((?:    .*\n)+)", text, re.MULTILINE)[1]
    return [" ".join(item.split()) for item in re.split(r"^    - ", section, flags=re.MULTILINE) if item.strip()]


def variables_of(text):
    return dict(re.findall(r"^ +(BASELINE|GATED): (.+)$", text, re.MULTILINE))


def is_about_the_project(step):
    return "apt-get" not in step and "git clone" not in step


@unittest.skipUnless(shutil.which("ninja"), "ninja is not installed")
class TemplateTest(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.project = self.workspace.out / "project"
        (self.project / "ci").mkdir(parents=True)
        (self.project / "CMakeLists.txt").write_text(PROJECT)
        self.write_program(100_000)

    def write_program(self, size):
        (self.project / "app.cpp").write_text(PROGRAM.replace("SIZE", str(size)))

    def run_step(self, step, **variables):
        environment = self.workspace.environment(**variables)
        environment["PATH"] = f"{configuration.memwatch.parent}:{environment['PATH']}"
        environment["CCACHE_DISABLE"] = "1"  # it would leave its own files in the run directory, which must end empty
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", step],
            cwd=self.project,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def check_template(self, text, steps, **more):
        variables = variables_of(text) | more
        self.assertEqual(set(variables) - set(more), {"BASELINE", "GATED"})
        steps = [step for step in steps if is_about_the_project(step)]
        gate = steps.pop()
        self.assertTrue(gate.startswith("memwatch gate "), gate)
        for step in steps:
            done = self.run_step(step, **variables)
            self.assertEqual(done.returncode, 0, done.stderr)
        update = self.run_step('memwatch gate --baseline "$BASELINE" --update -- $GATED', **variables)
        self.assertEqual(update.returncode, 0, update.stderr)
        within = self.run_step(gate, **variables)
        self.assertEqual(within.returncode, 0, within.stdout + within.stderr)
        self.write_program(200_000)
        for step in steps:
            done = self.run_step(step, **variables)
            self.assertEqual(done.returncode, 0, done.stderr)
        beyond = self.run_step(gate, **variables)
        self.assertEqual(beyond.returncode, 1, beyond.stdout + beyond.stderr)
        self.assertTrue(list((self.project / "memory-sessions").glob("run-*.mw")), "the sessions are kept")
        return beyond

    def test_github(self):
        text = (TEMPLATES / "github-actions.yml").read_text()
        summary = self.project / "summary.md"
        beyond = self.check_template(text, steps_of_github(text), GITHUB_STEP_SUMMARY=summary, GITHUB_WORKSPACE=self.project)
        self.assertRegex(beyond.stdout, r"(?m)^::error .*file=app\.cpp,line=4")
        self.assertRegex(summary.read_text(), r"\| .?peak_heap.? \|")

    def test_gitlab(self):
        text = (TEMPLATES / "gitlab-ci.yml").read_text()
        beyond = self.check_template(text, steps_of_gitlab(text))
        self.assertIn("REGRESSED", beyond.stderr)
        junit = (self.project / "memory.xml").read_text()
        self.assertRegex(junit, r'<testsuite [^>]*failures="[1-9]')

    def test_both_are_yaml(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        for name in ("github-actions.yml", "gitlab-ci.yml"):
            self.assertIsInstance(yaml.safe_load((TEMPLATES / name).read_text()), dict, name)

    def test_what_they_install_and_build_exists(self):
        root = TEMPLATES.parents[1]
        for name in ("github-actions.yml", "gitlab-ci.yml"):
            text = (TEMPLATES / name).read_text()
            self.assertIn("scripts/install-dependencies --build-only", text)
            self.assertIn("--target memwatch memwatch_preload", text)
        listed = subprocess.run(
            [root / "scripts" / "install-dependencies", "--build-only", "--list"], capture_output=True, text=True, check=False
        )
        self.assertEqual(listed.returncode, 0, listed.stderr)
        for package in ("nodejs", "npm", "libgtest-dev"):  # what configuring asks for
            self.assertIn(package, listed.stdout)
