"""Who may ask the daemon where other machines can: tokens, what a browser is asked, and what is refused at the start."""

import http.client
import json
import signal
import socket
import urllib.parse

from harness.case import TIMEOUT_S
from test_daemon import DaemonTest, Target

TOKEN = "correct+horse/battery=staple"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class AccessCase(DaemonTest):
    def http(self, text, token_mode=0o600, config_mode=0o600):
        """memwatch.toml with [http]; FILE stands for a file that holds the token."""
        file = self.workspace.out / "token"
        file.write_text(TOKEN + "\n")
        file.chmod(token_mode)
        self.watching("exact", f"[http]\n{text}\n".replace("FILE", f'"{file}"'))
        self.config.chmod(config_mode)

    def listen(self, text, *options):
        self.http(text)
        daemon = self.start(*options or ("--state-dir", str(self.workspace.out / "state")))
        host, port = self.status()["listen"].rsplit(":", 1)
        self.host, self.port = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host), int(port)
        return daemon

    def request(self, path, method="GET", headers=None, body=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response, text.decode()


class StartTest(AccessCase):
    def test_what_does_not_fit_is_one_line(self):
        anywhere = 'listen = "0.0.0.0:0"\n'
        for settings, modes, part in (
            (anywhere, {}, "0.0.0.0:0: other machines can reach it, and it has no token"),
            (anywhere + "plain = true", {}, "and it has no token"),
            (anywhere + "token_file = FILE", {}, "nothing is encrypted"),
            (anywhere + 'certificate = "/nowhere.pem"\nkey = "/nowhere.key"', {}, "and it has no token"),
            ('certificate = "/nowhere.pem"\nkey = "/nowhere.key"', {}, "/nowhere.pem: No such file"),
            (anywhere + "token_file = FILE\nplain = false", {}, "plain = true"),
            ('listen = "[::]:0"\ntoken_file = FILE', {}, "[::]:0: other machines can reach it"),
            ("token_file = FILE", {"token_mode": 0o640}, "others on this machine may read or change it"),
            ("token_file = FILE", {"token_mode": 0o602}, "chmod 600"),
            (f'token = "{TOKEN}"', {"config_mode": 0o644}, "memwatch.toml: others on this machine may read"),
            ('token = "short"', {}, "a token has 16 characters or more"),
            ('token = "with a blank inside"', {}, "neither blanks nor"),
            (f'token = "{"x" * 257}"', {}, "256 characters at most"),
            ('token_file = "/nowhere/token"', {}, "/nowhere/token: No such file"),
            ('token_file = "/tmp"', {}, "/tmp: is no file"),
            ('listen = "example.org:80"', {}, "the address as numbers"),
        ):
            self.http(settings, **modes)
            self.one_line(self.memwatch("daemon"), 2, part)
        for settings, part in (
            (f'token = "{TOKEN}"\ntoken_file = FILE', "one of them is enough"),
            ("token = 7", "memwatch.toml:3: token: expected a string"),
            ('plain = "yes"', "plain: expected"),
            ('tls = "x"', "unknown key 'tls'"),
            ('token = ""', "token: expected a string that is not empty"),
            ('certificate = "x"', "certificate and key: both are needed"),
            ('key = "x"', "certificate and key: both are needed"),
            ('certificate = "x"\nkey = "y"\nplain = true', "plain = true does not go with a certificate"),
        ):
            self.http(settings)
            self.one_line(self.memwatch("daemon"), 3, part)

    def test_the_command_line_goes_first(self):
        self.listen('listen = "127.0.0.1:1"', "--listen", "127.0.0.1:0")
        self.assertEqual(self.request("/api/v1/health")[0].status, 200)

    def test_a_reload_says_that_it_does_not_change_it(self):
        daemon = self.listen('listen = "127.0.0.1:0"')
        self.http("token_file = FILE")
        daemon.send_signal(signal.SIGHUP)
        self.wait(lambda: "[http] is as it was until the daemon is started again" in self.log.read_text(), "the word")
        self.assertEqual(self.request("/api/v1/health")[0].status, 200)


class TokenTest(AccessCase):
    def test_nothing_is_told_without_the_token(self):
        self.listen('listen = "0.0.0.0:0"\ntoken_file = FILE\nplain = true')
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        for path in ("/api/v1/status", "/api/v1/stream", "/api/v1/ws", "/metrics", "/app.js", "/nowhere"):
            response, text = self.request(path)
            self.assertEqual((response.status, response.headers["WWW-Authenticate"]), (401, 'Bearer realm="memwatch"'), path)
            self.assertNotIn(target.name, text)
        self.assertEqual(self.request("/api/v1/alerts/1/resolve", "POST")[0].status, 401)
        for headers in (BEARER, {"Authorization": f"bearer {TOKEN}", "Host": "any.example:80"}):
            response, text = self.request("/api/v1/status", headers=headers)
            self.assertEqual(response.status, 200)
            self.assertIn(target.name, [process["name"] for process in json.loads(text)["processes"]])
        response, _ = self.request("/api/v1/analyze?pid=1", "POST", {**BEARER, "Origin": "http://evil.example"})
        self.assertEqual(response.status, 403)
        response, _ = self.request("/api/v1/status", headers={"Authorization": f"Bearer {TOKEN[:-1]}"})
        self.assertEqual(response.status, 401)
        self.assertIn('error="invalid_token"', response.headers["WWW-Authenticate"])
        with socket.create_connection((self.host, self.port), timeout=TIMEOUT_S) as stream:
            lines = ["GET /api/v1/stream HTTP/1.1", "Host: x", f"Authorization: Bearer {TOKEN}", "", ""]
            stream.sendall("\r\n".join(lines).encode())
            heard = b""
            while target.name.encode() not in heard:
                piece = stream.recv(65536)
                self.assertTrue(piece, heard)
                heard += piece
        self.assertNotIn(TOKEN, self.log.read_text())

    def test_a_browser_is_asked_once(self):
        self.listen(f'listen = "127.0.0.1:0"\ntoken = "{TOKEN}"')
        response, text = self.request("/")
        self.assertEqual(response.status, 401)
        self.assertIn('<input type="password" name="token"', text)
        self.assertIn("form-action 'self'", response.headers["Content-Security-Policy"])
        own = {"Origin": f"http://{self.host}:{self.port}", "Content-Type": "application/x-www-form-urlencoded"}
        form = urllib.parse.urlencode({"token": TOKEN})
        self.assertEqual(self.request("/login", "POST", {**own, "Origin": "http://evil.example"}, form)[0].status, 403)
        response, text = self.request("/login", "POST", own, form.replace("horse", "house"))
        self.assertEqual((response.status, response.headers["Set-Cookie"]), (401, None))
        self.assertIn("That was wrong.", text)
        response, text = self.request("/login", "POST", own, form)
        self.assertEqual((response.status, response.headers["Location"], text), (303, "/", ""))
        cookie, *attributes = response.headers["Set-Cookie"].split("; ")
        self.assertTrue({"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes), attributes)
        self.assertNotIn(TOKEN, urllib.parse.unquote(cookie))
        response, text = self.request("/", headers={"Cookie": cookie})
        self.assertEqual(response.status, 200)
        self.assertNotIn("password", text)
        self.assertEqual(self.request("/api/v1/status", headers={"Cookie": cookie})[0].status, 200)
        self.assertEqual(self.request("/api/v1/status", headers={"Cookie": cookie[:-1]})[0].status, 401)
        self.assertNotIn(TOKEN, self.log.read_text())

    def test_who_guesses_is_not_listened_to(self):
        self.listen('listen = "127.0.0.1:0"\ntoken_file = FILE')
        statuses = []
        for i in range(1000):  # a slow machine is forgiven some meanwhile
            response, _ = self.request("/api/v1/status", headers={"Authorization": f"Bearer {i:032}"})
            statuses.append(response.status)
            if response.status == 429 and "Retry-After" in response.headers and i >= 10:
                break
        self.assertEqual((set(statuses), statuses[:10]), ({401, 429}, [401] * 10))
        self.assertEqual(self.request("/api/v1/status")[0].status, 401)  # no guess
        self.wait(lambda: self.request("/api/v1/status", headers=BEARER)[0].status == 200, "being forgiven")
