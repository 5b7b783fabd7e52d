"""A program in a terminal of its own (a pseudo terminal), and what a person would see in it."""

import errno
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

from harness.case import TIMEOUT_S

SEQUENCE = re.compile(rb"\x1b\[([?0-9;]*)([@-~])")
MAIN, ALTERNATE = "main", "alternate"


class Screen:
    """As much of ECMA-48 and xterm as a view needs that draws whole lines; anything else is an error.

    `lines` is what is seen. `overflows`: characters that were written beyond the right edge or the last line, other than
    those that were on their way for another size: until the screen is cleared."""

    def __init__(self, width, height):
        self.shown = MAIN
        self.cursor_is_visible = True
        self.wraps = True
        self.colors = set()  # SGR parameters that were ever set
        self.overflows = []
        self.rest = b""
        self.is_drawn_anew = True
        self.resize(width, height)

    def resize(self, width, height):
        self.width, self.height = width, height
        self.cells = [[" "] * width for _ in range(height)]
        self.reversed = [[False] * width for _ in range(height)]
        self.row = self.column = 0
        self.is_reversed = False

    @property
    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    @property
    def text(self):
        return "\n".join(self.lines)

    @property
    def chosen(self):
        """The lines that are shown as a bar."""
        return [line for line, bar in zip(self.lines, self.reversed) if all(bar)]

    def feed(self, data):
        data = self.rest + data
        self.rest = b""
        while data:
            if data[0] == 0x1B:
                found = SEQUENCE.match(data)
                if not found:
                    if re.fullmatch(rb"\x1b(\[[?0-9;]*)?", data):
                        self.rest = data
                        return
                    raise AssertionError(f"unknown sequence: {data[:20]!r}")
                self.control(found[1].decode(), found[2].decode())
                data = data[found.end() :]
                continue
            length = 1 if data[0] < 0x80 else 2 if data[0] < 0xE0 else 3 if data[0] < 0xF0 else 4
            if len(data) < length:
                self.rest = data
                return
            self.put(data[:length].decode())
            data = data[length:]

    def put(self, character):
        if character == "\r":
            self.column = 0
            return
        if character == "\n":
            self.row = min(self.row + 1, self.height - 1)
            return
        if unicodedata.category(character) == "Cc":
            raise AssertionError(f"control character {character!r}")
        width = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if self.column + width > self.width or self.row >= self.height:
            if self.shown == ALTERNATE and self.is_drawn_anew:
                self.overflows.append((self.row, self.column, character))
            return
        self.cells[self.row][self.column] = character
        for i in range(width):
            self.reversed[self.row][self.column + i] = self.is_reversed
        self.column += width

    def control(self, parameters, final):
        if parameters.startswith("?"):
            on = {"h": True, "l": False}[final]
            mode = parameters[1:]
            if mode == "1049":
                self.shown = ALTERNATE if on else MAIN
                self.resize(self.width, self.height)
            elif mode == "25":
                self.cursor_is_visible = on
            elif mode == "7":
                self.wraps = on
            elif mode != "2004":  # a shell's bracketed paste
                raise AssertionError(f"unknown mode {mode}")
            return
        numbers = [int(n) if n else 0 for n in parameters.split(";")]
        if final == "m":
            for number in numbers:
                self.colors.add(number)
                if number in (0, 7):
                    self.is_reversed = number == 7
        elif final == "H":
            self.row = max(numbers[0], 1) - 1
            self.column = max(numbers[1] if len(numbers) > 1 else 1, 1) - 1
            if self.row >= self.height and self.is_drawn_anew:
                self.overflows.append((self.row, self.column, "cursor"))
        elif final == "K":
            if self.row < self.height:
                for i in range(min(self.column, self.width), self.width):
                    self.cells[self.row][i] = " "
                    self.reversed[self.row][i] = False
        elif final == "J":
            self.resize(self.width, self.height)
            self.is_drawn_anew = True
        else:
            raise AssertionError(f"unknown sequence {parameters}{final}")


class TerminalProgram:
    """Runs a command on a terminal that it controls, so that keys make signals."""

    def __init__(self, test, command, environment, width=100, height=24):
        self.master, self.slave = os.openpty()
        self.set_size(width, height)
        self.screen = Screen(width, height)
        self.modes = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env={"TERM": "xterm-256color", **environment},
            cwd=test.workspace.out,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.output = b""
        test.addCleanup(self.kill)

    def set_size(self, width, height):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def resize(self, width, height):
        self.read()
        self.screen.resize(width, height)
        self.screen.is_drawn_anew = False
        self.set_size(width, height)

    def press(self, keys):
        os.write(self.master, keys.encode())

    def read(self, timeout=0.0):
        while select.select([self.master], [], [], timeout)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError as error:
                if error.errno == errno.EIO:
                    return
                raise
            if not data:
                return
            self.output += data
            self.screen.feed(data)
            timeout = 0.0

    def wait(self, condition, what):
        """Reads until it holds; the value of the condition."""
        end = time.monotonic() + 60
        while True:
            self.read(0.05)
            found = condition(self.screen)
            if found:
                return found
            if time.monotonic() > end or (self.process.poll() is not None and not self.read(0.2) and not condition(self.screen)):
                raise AssertionError(f"waited in vain: {what} (status {self.process.poll()})\n{self.screen.text}")

    def wait_for(self, *parts):
        return self.wait(lambda screen: all(part in screen.text for part in parts), " and ".join(parts))

    def end(self):
        """Waits for its end; its status as Popen tells it."""
        end = time.monotonic() + TIMEOUT_S
        while self.process.poll() is None:
            self.read(0.05)  # one who writes into a full terminal does not end
            if time.monotonic() > end:
                raise AssertionError(f"has not ended\n{self.screen.text}")
        self.read(0.05)
        return self.process.returncode

    def is_as_found(self):
        """What is not as it was before the program ran."""
        wrong = []
        if self.screen.shown != MAIN:
            wrong.append("the alternate screen is shown")
        if not self.screen.cursor_is_visible:
            wrong.append("no cursor")
        if not self.screen.wraps:
            wrong.append("lines do not wrap")
        if termios.tcgetattr(self.slave) != self.modes:
            wrong.append("modes of the terminal")
        return wrong

    def kill(self):
        if self.process.poll() is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.kill()
        self.process.wait()
        self.hang_up()

    def hang_up(self):
        """The terminal goes; the program may still run."""
        for descriptor in (self.master, self.slave):
            if descriptor is not None:
                os.close(descriptor)
        self.master = self.slave = None
