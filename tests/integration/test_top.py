"""memwatch top in a pseudo terminal, with a real daemon and real programs."""

import glob
import os
import re
import signal
import struct
import subprocess

from harness.configuration import configuration
from harness.reused_pid import start_with_pid
from harness.terminal import TerminalProgram
from test_daemon import MEBIBYTE, DaemonTest, Target

UP, DOWN, RIGHT = "\x1b[A", "\x1b[B", "\x1b[C"
PAGE_UP, PAGE_DOWN, HOME, END = "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1bOF"
ENTER, ESCAPE, CONTROL_C, CONTROL_Z = "\r", "\x1b", "\x03", "\x1a"
COLORS = set(range(30, 38)) | set(range(40, 48)) | set(range(90, 108))


class TopTest(DaemonTest):
    def top(self, *options, width=100, height=24, **more):
        return TerminalProgram(
            self,
            [configuration.memwatch, "top", "--interval", "100ms", *options],
            self.workspace.environment(**more),
            width,
            height,
        )

    def targets(self, count=2):
        """Recorded from their start on; each holds more than the one before."""
        self.watching("exact")
        self.start()
        targets = []
        for i in range(count):
            target = Target(self, self.tag + chr(ord("a") + i))
            self.wait_for(target.pid)
            target.tell(f"large {(i + 1) * MEBIBYTE}")
            self.wait_for(target.pid, lambda p, i=i: p["heap"]["live_bytes"] >= (i + 1) * MEBIBYTE, "its memory")
            targets.append(target)
        return targets

    def chosen_is(self, top, target):
        top.wait(lambda screen: [line.split()[:2] for line in screen.chosen] == [[">", str(target.pid)]]
                 or [line.split()[0] for line in screen.chosen] == [f">{target.pid}"], f"{target.name} chosen")

    def pids(self, screen):
        found = [re.match(r"[ >] *(\d+) ", line) for line in screen.lines]
        return [int(match[1]) for match in found if match]

    def quit(self, top):
        top.press("q")
        self.assertEqual(top.end(), 0, top.screen.text)
        self.assertEqual(top.is_as_found(), [])
        self.assertEqual(top.screen.overflows, [])


class TextTest(TopTest):
    def test_one_frame_is_text(self):
        small, large = self.targets()
        run = self.memwatch("top", "--once", "--interval", "100ms", COLUMNS=200)
        self.assertEqual((run.status, run.stderr), (0, ""))
        lines = run.stdout.decode().splitlines()
        self.assertRegex(lines[0], r"^memwatch top  2 processes: live heap 3\.0 MiB, RSS [\d.]+ MiB  daemon ")
        self.assertNotIn("\x1b", run.stdout.decode())
        titles = next(line for line in lines if "live heap▼" in line)
        self.assertEqual(titles.replace("live heap▼", "heap").split(),
                         ["pid", "recorded", "heap", "RSS", "alloc/s", "allocations", "large", "failed", "lost", "program"])
        rows = lines[lines.index(titles) + 1 :]
        self.assertEqual([int(row.split()[0]) for row in rows], [large.pid, small.pid])
        status = self.of(large.pid)
        self.assertRegex(rows[0], rf"^ +{large.pid}  exact +2\.0 MiB +[\d.]+ MiB +0/s +"
                                  rf"{status['totals']['allocations']} +0 +0 +0  \S*{large.name}$")
        run = self.memwatch("top", "--once", "--interval", "100ms", "--sort", "name")
        self.assertEqual([int(line.split()[0]) for line in run.stdout.decode().splitlines()[-2:]], [small.pid, large.pid])

    def test_what_is_no_terminal_is_one_line(self):
        self.watching("exact")
        self.start()
        self.one_line(self.memwatch("top"), 2, "no terminal", "--once")
        for term, part in (("dumb", "TERM=dumb"), ("", "without TERM")):
            top = self.top(TERM=term)
            self.assertEqual(top.end(), 2)
            self.assertRegex(top.output.decode(), rf"^memwatch: top: [^\n]*{part}[^\n]*--once[^\n]*\r\n$")
        self.one_line(self.memwatch("top", "--sort", "hepa"), 2, "heap")

    def test_without_a_daemon_it_says_so(self):
        self.one_line(self.memwatch("top", "--once"), 3, "none runs", "memwatch daemon")
        top = self.top()
        self.assertEqual(top.end(), 3)
        self.assertRegex(top.output.decode(), r"^memwatch: ask the daemon: [^\n]+none runs[^\n]+\r\n$")


class ListTest(TopTest):
    def test_processes_are_shown_sorted_and_chosen(self):
        first, second, third = self.targets(3)
        top = self.top()
        top.wait(lambda screen: self.pids(screen) == [third.pid, second.pid, first.pid], "the order by heap")
        self.chosen_is(top, third)
        top.press(DOWN)
        self.chosen_is(top, second)
        top.press("n")  # the choice stays with its process
        top.wait(lambda screen: self.pids(screen) == [first.pid, second.pid, third.pid], "the order by name")
        self.chosen_is(top, second)
        top.press("n")
        top.wait(lambda screen: self.pids(screen) == [third.pid, second.pid, first.pid], "the other way round")
        top.press(END)
        self.chosen_is(top, first)
        top.press(UP + UP + UP + UP)
        self.chosen_is(top, third)
        # What changes is seen, and the rate of it.
        second.tell("keep 20000")
        top.wait(lambda screen: any(re.search(rf" {second.pid}  exact +4\.\d MiB .* 20,00[12] ", line) for line in screen.lines),
                 "20 000 blocks more")
        top.press("a")
        second.tell("keep 20000")
        top.wait_for("alloc/s▼")
        third.end()
        top.wait(lambda screen: third.pid not in self.pids(screen), "its end")
        top.press("x" + RIGHT + "\x1b[1;5C\xe9")  # keys that mean nothing
        top.press("?")
        top.wait_for("memwatch top: keys", "largest sites")
        top.press(ESCAPE)
        top.wait(lambda screen: self.pids(screen), "the list again")
        self.quit(top)
        self.assertIn(2, top.screen.colors)  # with colour: faint, and the like

    def test_no_color_has_the_bar_alone(self):
        other, target = self.targets()
        other.tell("fail")  # which is red, in a row that is not chosen
        self.wait_for(other.pid, lambda p: p["totals"]["failed"] == 1, "the failure")
        top = self.top(NO_COLOR=1)
        self.chosen_is(top, target)
        self.quit(top)
        self.assertEqual(top.screen.colors, {0, 7})
        top = self.top()
        self.chosen_is(top, target)
        self.quit(top)
        self.assertTrue(top.screen.colors & COLORS, top.screen.colors)

    def test_the_terminal_may_have_any_size(self):
        targets = self.targets(3)
        top = self.top()
        for width, height in ((200, 50), (60, 12), (40, 8), (20, 5), (12, 3), (7, 2), (1, 1), (100, 24)):
            top.resize(width, height)
            top.wait(lambda screen: screen.is_drawn_anew, f"{width} x {height}")
            top.press(DOWN)
            if height >= 8 and width >= 40:
                top.wait(lambda screen: len(self.pids(screen)) == 3, f"{width} x {height}")
            elif width >= 7:
                top.wait(lambda screen: len(screen.chosen) == 1, f"{width} x {height}")
        self.chosen_is(top, targets[0])
        self.quit(top)

    def test_no_process_says_what_to_do(self):
        self.watching("exact")
        self.start()
        top = self.top()
        top.wait_for("No watched process runs", "LD_PRELOAD=")
        top.press(DOWN + UP + ENTER + "l")
        target = Target(self, self.tag)
        top.wait(lambda screen: self.pids(screen) == [target.pid], "the process")
        self.quit(top)

    def test_more_than_fit_are_scrolled(self):
        self.watching("exact")
        self.start()
        target = Target(self, self.tag)
        target.tell("fork 40")
        self.wait(lambda: self.status()["totals"]["running"] == 41, "all of them")
        top = self.top("--sort", "pid", height=12)
        top.wait(lambda screen: self.pids(screen)[:1] == [target.pid], "the first")
        pids = sorted(p["pid"] for p in self.status()["processes"])
        for keys, chosen in ((PAGE_DOWN, 7), (PAGE_DOWN, 14), (END, 40), (PAGE_UP, 33), (HOME, 0)):
            top.press(keys)
            top.wait(lambda screen: screen.chosen and int(screen.chosen[0][1:].split()[0]) == pids[chosen], f"row {chosen}")
        self.quit(top)


class PagesTest(TopTest):
    def test_the_sites_of_a_process_are_shown_with_their_stacks(self):
        (target,) = self.targets(1)
        target.tell("keep 1000")
        top = self.top()
        self.chosen_is(top, target)
        top.press(ENTER)
        top.wait_for(f"the largest sites of {target.name} ({target.pid})", "live heap 1.1 MiB in 1,002 blocks",
                     "does_as_told.c:", "Stack of the site")
        top.wait(lambda screen: len(screen.chosen) == 1 and "1.0 MiB" in screen.chosen[0] and " main " in screen.chosen[0],
                 "the largest first")
        top.press(DOWN)
        top.wait(lambda screen: "97.7 KiB" in screen.chosen[0] and " keeps " in screen.chosen[0], "the next")
        target.tell("keep 1000")  # what is there later is shown later
        top.wait(lambda screen: "195 KiB" in screen.text, "twice as much")
        top.press("l")
        top.wait_for("leak check of", "The process stood still for")
        top.press(ESCAPE)
        top.wait_for("the largest sites of")
        top.press(ESCAPE)
        self.chosen_is(top, target)
        self.quit(top)

    def test_who_has_no_sites_says_why(self):
        self.configure(f'watch = ["{self.tag}*"]\npoll_interval = "1s"\n[defaults]\nmode = "idle"\n')
        self.start()
        for shim, why in ((True, "idle mode follows no blocks"), (False, "this daemon does not record it")):
            target = Target(self, self.tag, shim=shim)
            self.wait_for(target.pid)
            top = self.top()
            self.chosen_is(top, target)
            top.press(ENTER)
            top.wait_for(why)
            target.end()
            self.wait(lambda: not self.of(target.pid), "its end")
            self.quit(top)

    def test_a_leak_check_shows_its_verdict(self):
        (target,) = self.targets(1)
        target.tell("keep 10")
        top = self.top()
        self.chosen_is(top, target)
        top.press("l")
        top.wait_for(f"leak check of {target.name} ({target.pid})", "The process stood still for")
        target.tell("lose 50")
        top.press("l")
        top.wait_for("It leaks", "loses")
        top.press(DOWN + PAGE_DOWN + END + HOME)
        top.press(ESCAPE)
        self.chosen_is(top, target)
        self.quit(top)

    def test_a_pid_that_was_used_again_is_not_the_one_that_is_looked_at(self):
        (target,) = self.targets(1)
        top = self.top()
        self.chosen_is(top, target)
        top.press(ENTER)
        top.wait_for("the largest sites of", target.name)
        top.press("l")
        top.wait_for(f"leak check of {target.name} ({target.pid})", "The process stood still for")
        target.end()
        self.wait(lambda: not self.of(target.pid), "its end")
        again = start_with_pid(target.pid, lambda: Target(self, self.tag + "b"), Target.kill)
        if again is None:
            self.quit(top)
            self.skipTest("the kernel does not let us choose a pid")
        self.wait_for(again.pid)
        top.press("l")
        top.wait_for("another has its pid now")
        top.press(ESCAPE)
        top.wait_for("another process has its pid now")
        top.press(ESCAPE)
        self.chosen_is(top, again)
        top.press("l")
        top.wait_for(f"leak check of {again.name} ({again.pid})", "The process stood still for")
        self.quit(top)

    def control_of(self, pid):
        (segment,) = glob.glob(f"/dev/shm/memwatch.{os.getuid()}.{pid}.*")
        with open(segment, "rb") as file:
            file.seek(192)  # SegmentHeader::control
            return struct.unpack("<I", file.read(4))[0]

    def test_what_is_sampled_is_watched_for_its_verdict(self):
        self.watching("sample")
        self.start()
        target = Target(self, self.tag)
        self.wait_for(target.pid)
        top = self.top()
        self.chosen_is(top, target)
        top.press("l")
        top.wait_for("Watching for 10 s what it allocates")
        sampled, watched = 2, 3
        self.wait(lambda: self.control_of(target.pid) == watched, "the watch")
        top.press(ESCAPE)  # gives up, and the process has its mode back
        self.wait(lambda: self.control_of(target.pid) == sampled, "its end")
        target.end()
        top.wait(lambda screen: not self.pids(screen), "its end")
        self.quit(top)


class TroubleTest(TopTest):
    def test_a_daemon_that_goes_is_waited_for(self):
        (target,) = self.targets(1)
        top = self.top()
        self.chosen_is(top, target)
        self.stop(self.daemons[-1])
        top.wait_for("The daemon has gone", str(target.pid))
        daemon = self.start()
        top.wait(lambda screen: "has gone" not in screen.text and f"pid {daemon.pid}" in screen.text
                 and target.pid in self.pids(screen), "the next daemon")
        daemon.send_signal(signal.SIGSTOP)
        try:
            top.wait_for("has not answered for")
            top.press("?")  # it goes on all the same
            top.wait_for("memwatch top: keys")
            top.press("?")
        finally:
            daemon.send_signal(signal.SIGCONT)
        top.wait(lambda screen: "has not answered" not in screen.text and self.pids(screen), "its answer")
        self.quit(top)

    def test_signals_that_end_it_leave_the_terminal_as_it_was(self):
        (target,) = self.targets(1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS):
            top = self.top()
            self.chosen_is(top, target)
            top.process.send_signal(number)
            status = top.end()
            if number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS):
                self.assertNotEqual(status, 0)  # a sanitizer makes a status of its own
            else:
                self.assertEqual(status, -number)
            self.assertEqual(top.is_as_found(), [], number)
        top = self.top()
        self.chosen_is(top, target)
        top.press(CONTROL_C)
        self.assertEqual(top.end(), -signal.SIGINT)
        self.assertEqual(top.is_as_found(), [])

    def test_it_is_stopped_and_goes_on(self):
        (target,) = self.targets(1)
        # A shell with job control, which has the terminal meanwhile.
        script = 'set -m; "$@"; echo "stopped with $?"; read line; fg; echo "ended with $?"'
        top = TerminalProgram(
            self,
            ["bash", "--norc", "-c", script, "bash", configuration.memwatch, "top", "--interval", "100ms"],
            self.workspace.environment(),
        )
        self.chosen_is(top, target)
        top.press(CONTROL_Z)
        top.wait_for("stopped with 148")
        self.assertEqual(top.is_as_found(), [])
        top.press("\n")
        self.chosen_is(top, target)
        top.press("q")
        self.assertEqual(top.end(), 0)
        self.assertIn("ended with 0", top.screen.text)
        self.assertEqual(top.is_as_found(), [])

    def test_a_terminal_that_is_gone_ends_it(self):
        (target,) = self.targets(1)
        top = self.top()
        self.chosen_is(top, target)
        top.hang_up()
        self.assertIn(top.process.wait(timeout=60), (0, -signal.SIGHUP))

    def test_a_terminal_that_takes_nothing_holds_nothing_up(self):
        targets = self.targets(3)
        top = self.top(width=200, height=50)
        self.chosen_is(top, targets[2])
        for i in range(200):  # nobody reads what this draws
            top.press("nhpr"[i % 4])
        top.process.send_signal(signal.SIGTERM)
        self.assertEqual(top.process.wait(timeout=60), -signal.SIGTERM)
