"""A headless Chromium, driven through chromedriver's WebDriver protocol (W3C) with nothing but the library.

Says what the page's console complained of: a report may cause no such line.
"""

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's id, by the standard
START_S = 60
ANSWER_S = 60
KEYS = {"Escape": "\ue00c", "Enter": "\ue007", "Down": "\ue015", "Up": "\ue013", "Left": "\ue012", "Right": "\ue014"}


def is_installed():
    return bool(_browser() and shutil.which("chromedriver"))


def _browser():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class BrowserError(Exception):
    pass


class Browser:
    """One window; use as a context manager. `profile` is a directory that the browser may write to."""

    def __init__(self, profile, environment, width=1024, height=900):
        self._port = _free_port()
        self._log = (profile / "chromedriver.log").open("wb")
        self._driver = subprocess.Popen(
            [shutil.which("chromedriver"), f"--port={self._port}"],
            stdout=self._log,
            stderr=self._log,
            env=environment,
        )
        self._session = None
        try:
            self._wait_until_ready()
            # No sandbox: tests may run as root and in containers, and the page is our own.
            arguments = [
                "--headless=new",
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--force-device-scale-factor=1",
                f"--window-size={width},{height}",
                f"--user-data-dir={profile / 'profile'}",
            ]
            capabilities = {
                "browserName": "chrome",
                "goog:chromeOptions": {"binary": _browser(), "args": arguments},
                "goog:loggingPrefs": {"browser": "ALL"},
            }
            created = self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
            self._session = f"/session/{created['sessionId']}"
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._session:
            with contextlib.suppress(OSError, BrowserError):
                self._call("DELETE", self._session)
        self._driver.terminate()
        self._driver.wait()
        self._log.close()

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_S
        while True:
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except OSError:
                pass
            if self._driver.poll() is not None or time.monotonic() > deadline:
                raise BrowserError("chromedriver did not start")
            time.sleep(0.05)

    def _call(self, method, path, body=None):
        data = None if body is None and method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{path}", data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise BrowserError(f"{method} {path}: {json.load(error)['value']['message']}") from error

    def open(self, url):
        self._call("POST", f"{self._session}/url", {"url": url})

    def window(self):
        return self._call("GET", f"{self._session}/window")

    def open_window(self):
        """Another one beside it, of which the following calls are; returns it."""
        window = self._call("POST", f"{self._session}/window/new", {"type": "window"})["handle"]
        self.switch(window)
        return window

    def switch(self, window):
        self._call("POST", f"{self._session}/window", {"handle": window})

    def close_window(self):
        """The one that calls are of; then switch to another."""
        self._call("DELETE", f"{self._session}/window")

    def resize(self, width, height):
        # The window's, not the page's size; headless windows have no frame, and none narrower than 500.
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)

    def prefer(self, **features):
        """Media features such as prefers_color_scheme="dark"."""
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.command("Emulation.setEmulatedMedia", features=listed)

    def run(self, script, *arguments):
        """The value that the script returns."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script, *arguments):
        """What the script hands to its last argument, a function; it is waited for a minute at most."""
        self._call("POST", f"{self._session}/timeouts", {"script": (ANSWER_S - 5) * 1000})
        return self._call("POST", f"{self._session}/execute/async", {"script": script, "args": list(arguments)})

    def command(self, name, **parameters):
        """One of the browser's own (Chrome DevTools Protocol)."""
        return self._call("POST", f"{self._session}/goog/cdp/execute", {"cmd": name, "params": parameters})

    def find(self, selector):
        return self._call("POST", f"{self._session}/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self._call("POST", f"{self._session}/element/{self.find(selector)}/click")

    def text(self, selector):
        return self._call("GET", f"{self._session}/element/{self.find(selector)}/text")

    def type(self, text, selector=None):
        """Into an element, or to whatever has the focus."""
        if selector is not None:
            self._call("POST", f"{self._session}/element/{self.find(selector)}/value", {"text": text})
            return
        keys = [KEYS.get(text)] if text in KEYS else list(text)
        steps = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._actions([{"type": "key", "id": "keyboard", "actions": steps}])

    def point(self, x, y, click=False):
        """Moves the mouse to a place in the window."""
        steps = [{"type": "pointerMove", "duration": 0, "x": int(x), "y": int(y)}]
        if click:
            steps += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self._actions([{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": steps}])

    def double_click(self, x, y):
        """At a place in the window. Said to be one, so that a busy machine cannot make two clicks of it."""
        place = {"x": x, "y": y, "button": "left"}
        for count in (1, 2):
            for kind in ("mousePressed", "mouseReleased"):
                self.command("Input.dispatchMouseEvent", type=kind, clickCount=count, **place)

    def drag(self, x, y, to_x, to_y):
        """With the left button, from a place in the window to another."""
        steps = [
            {"type": "pointerMove", "duration": 0, "x": int(x), "y": int(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerMove", "duration": 50, "x": int((x + to_x) / 2), "y": int((y + to_y) / 2)},
            {"type": "pointerMove", "duration": 50, "x": int(to_x), "y": int(to_y)},
            {"type": "pointerUp", "button": 0},
        ]
        self._actions([{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": steps}])

    def _actions(self, actions):
        self._call("POST", f"{self._session}/actions", {"actions": actions})

    def back(self):
        self._call("POST", f"{self._session}/back")

    def complaints(self):
        """Warnings and errors of the console since the last call."""
        lines = self._call("POST", f"{self._session}/se/log", {"type": "browser"})
        return [line["message"] for line in lines if line["level"] in ("WARNING", "SEVERE")]

    def screenshot(self, file, whole=False):
        if not whole:
            file.write_bytes(base64.b64decode(self._call("GET", f"{self._session}/screenshot")))
            return
        picture = self.command("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(picture["data"]))
