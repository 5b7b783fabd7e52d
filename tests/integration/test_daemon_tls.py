"""The daemon over https: with curl, with Python's TLS, as a browser does; certificates that are renewed, and bad ones."""

import http.client
import json
import shutil
import signal
import socket
import ssl
import subprocess
import time
import unittest
import urllib.parse
import urllib.request

from harness.case import TIMEOUT_S
from harness.certificate import make_certificate, make_certificate_until, openssl
from harness.skips import need
from test_daemon import Target
from test_daemon_access import BEARER, TOKEN, AccessCase
from test_daemon_live import Events, WebSocket
from test_serve import ServeCase


@unittest.skipUnless(shutil.which("openssl") and shutil.which("curl"), "needs openssl and curl")
class TlsCase(AccessCase):
    def setUp(self):
        super().setUp()
        self.files = self.workspace.out / "tls"
        self.files.mkdir()
        self.certificate, self.key = self.files / "cert.pem", self.files / "key.pem"
        self.make("localhost")

    def make(self, name, days=2):
        """A certificate of its own, in the place that memwatch.toml names."""
        certificate, key = make_certificate(self.files, name, days)
        certificate.rename(self.certificate)
        key.rename(self.key)

    def encrypted(self, text="", **modes):
        self.http(f'{text}\ncertificate = "{self.certificate}"\nkey = "{self.key}"', **modes)

    def serve(self, text='listen = "127.0.0.1:0"'):
        self.encrypted(text)
        daemon = self.start("--state-dir", str(self.workspace.out / "state"))
        host, port = self.status()["listen"].rsplit(":", 1)
        self.host, self.port = {"0.0.0.0": "127.0.0.1"}.get(host, host), int(port)
        return daemon

    def context(self):
        return ssl.create_default_context(cafile=self.certificate)

    def connect(self):
        plain = socket.create_connection((self.host, self.port), timeout=TIMEOUT_S)
        connection = self.context().wrap_socket(plain, server_hostname="localhost")
        self.addCleanup(connection.close)
        return connection

    def subject(self):
        """Of the certificate that is shown now, whoever may have issued it."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((self.host, self.port), timeout=TIMEOUT_S) as plain:
            with context.wrap_socket(plain) as connection:
                shown = connection.getpeercert(binary_form=True)
        return openssl("x509", "-inform", "DER", "-noout", "-subject", input=shown).stdout.decode().strip()

    def request(self, path, method="GET", headers=None, body=None):
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT_S, context=self.context())
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response, text.decode()

    def curl(self, *arguments):
        run = subprocess.run(
            ["curl", "-sS", "--cacert", self.certificate, "--noproxy", "*", *arguments], capture_output=True, timeout=TIMEOUT_S
        )
        return run.returncode, run.stdout.decode(), run.stderr.decode()


class ServedTest(TlsCase):
    def test_curl_is_answered_over_both_versions_and_no_older_one(self):
        self.serve('listen = "0.0.0.0:0"\ntoken_file = FILE')
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        url = f"https://localhost:{self.port}/api/v1/status"
        bearer = ("-H", f"Authorization: Bearer {TOKEN}")
        for version in (("--tls-max", "1.2"), ("--tlsv1.3",), ("--http2",)):
            status, answer, said = self.curl(*version, *bearer, url)
            self.assertEqual((status, said), (0, ""), version)
            self.assertIn(target.name, [process["name"] for process in json.loads(answer)["processes"]])
        self.assertEqual(self.curl("-o", "/dev/null", "-w", "%{http_code}", url)[:2], (0, "401"))
        status, _, _ = self.curl("--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", *bearer, url)
        self.assertEqual(status, 35, "the handshake failed")
        status, answer, _ = self.curl(*bearer, url.replace("https", "http"))
        self.assertEqual((status, json.loads(answer)["status"]), (0, 400))
        self.assertIn("https://", answer)
        self.assertNotIn(target.name, answer)
        self.assertIn(f"https://0.0.0.0:{self.port}/", self.log.read_text())

    def test_the_live_stream_comes_encrypted(self):
        self.serve()
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        events, web_socket = Events(self, connection=self.connect()), WebSocket(self, connection=self.connect())
        for reader in (events, web_socket):
            while True:
                message = reader.message()
                if message["type"] == "process" and message["name"] == target.name:
                    break
        target.tell("keep 100000")  # in sample mode: about as many
        for reader in (events, web_socket):
            while True:
                message = reader.message()
                if message["type"] == "sample" and message["pid"] == target.pid and message["allocations"] >= 20_000:
                    break

    def test_a_browser_logs_in_and_its_cookie_is_sent_encrypted_alone(self):
        self.serve(f'listen = "127.0.0.1:0"\ntoken = "{TOKEN}"')
        own = {"Origin": f"https://127.0.0.1:{self.port}", "Content-Type": "application/x-www-form-urlencoded"}
        form = urllib.parse.urlencode({"token": TOKEN})
        for foreign in (f"http://127.0.0.1:{self.port}", "https://evil.example"):
            self.assertEqual(self.request("/login", "POST", {**own, "Origin": foreign}, form)[0].status, 403)
        response, _ = self.request("/login", "POST", own, form)
        self.assertEqual(response.status, 303)
        cookie, *attributes = response.headers["Set-Cookie"].split("; ")
        self.assertTrue({"Secure", "HttpOnly", "SameSite=Strict"} <= set(attributes), attributes)
        self.assertEqual(self.request("/", headers={"Cookie": cookie})[0].status, 200)


class PrometheusTest(TlsCase):
    def test_prometheus_scrapes_it_with_the_certificate_and_the_token(self):
        need("prometheus")
        self.serve('listen = "127.0.0.1:0"\ntoken_file = FILE')
        token, config = self.files / "token", self.files / "prometheus.yml"
        token.write_text(TOKEN)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        # As docs/watching.md says; the job without a token has to be refused.
        job = f'scheme: https, tls_config: {{ ca_file: "{self.certificate}" }}, static_configs: [{{ targets: ["localhost:{self.port}"] }}]'
        config.write_text(
            "global: { scrape_interval: 1s }\nscrape_configs:\n"
            f'  - {{ job_name: known, authorization: {{ credentials_file: "{token}" }}, {job} }}\n  - {{ job_name: unknown, {job} }}\n'
        )
        prometheus = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.files / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.workspace.environment(),
        )
        self.addCleanup(prometheus.wait)
        self.addCleanup(prometheus.kill)

        def scraped():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/targets", timeout=TIMEOUT_S) as got:
                    targets = json.load(got)["data"]["activeTargets"]
            except OSError:  # it has just started
                return None
            found = {target["labels"]["job"]: (target["health"], target["lastError"]) for target in targets}
            return found if len(found) == 2 and "unknown" not in {health for health, _ in found.values()} else None

        found = self.wait(scraped, "both scrapes")
        self.assertEqual(found["known"], ("up", ""))
        self.assertEqual(found["unknown"][0], "down")
        self.assertIn("401", found["unknown"][1])


class RenewalTest(TlsCase):
    def said(self, text):
        self.wait(lambda: text in self.log.read_text(), text)

    def test_a_renewed_certificate_is_read_on_sighup_and_a_bad_one_is_not(self):
        daemon = self.serve('listen = "127.0.0.1:0"\ntoken_file = FILE')
        self.assertIn("CN = localhost", self.subject())
        self.make("renewed")
        daemon.send_signal(signal.SIGHUP)
        self.wait(lambda: "CN = renewed" in self.subject(), "the new one")
        self.assertNotIn("until the daemon is started again", self.log.read_text())
        self.assertEqual(self.request("/api/v1/status", headers=BEARER)[0].status, 200)
        for spoil, told in (
            (lambda: self.make("expired", -1), f"{self.certificate}: expired "),
            (lambda: self.certificate.write_text("nothing"), f"{self.certificate}: has no certificate in PEM"),
            (lambda: self.key.unlink(), f"{self.key}: No such file"),
            (lambda: (self.make("readable"), self.key.chmod(0o644)), f"{self.key}: others on this machine may read or change it"),
        ):
            spoil()
            daemon.send_signal(signal.SIGHUP)
            self.said(told)
            self.assertIn("CN = renewed", self.subject())
        self.assertEqual(self.log.read_text().count("the certificate from before stays"), 4)

    def test_what_does_not_fit_at_the_start_is_one_line(self):
        self.encrypted()
        self.key.chmod(0o644)
        self.one_line(self.memwatch("daemon"), 2, f"{self.key}: others on this machine may read or change it", "chmod 600")
        other = self.key.read_text()
        self.make("another")
        self.key.write_text(other)
        self.key.chmod(0o600)
        self.one_line(self.memwatch("daemon"), 2, f"{self.key}: is not the key of {self.certificate}")

    def test_one_that_has_expired_is_told_and_watching_goes_on(self):
        self.make("expired", -1)
        self.serve()
        self.assertIn(f"{self.certificate}: expired ", self.log.read_text())
        self.assertIn("CN = expired", self.subject())


    def test_one_that_ends_while_the_daemon_runs_is_told_before_and_when_it_does(self):
        certificate, key = make_certificate_until(self.files, "ending", 8)
        certificate.rename(self.certificate)
        key.rename(self.key)
        end = time.time() + 8
        daemon = self.serve('listen = "127.0.0.1:0"\ntoken_file = FILE')
        self.said(f"{self.certificate}: expired ")
        self.assertGreater(time.time(), end - 1)
        log = self.log.read_text()
        self.assertRegex(log, rf"\nmemwatch: warning: {self.certificate}: expires [^\n]* GMT, in [^\n]* s; SIGHUP reads a renewed one\n")
        self.assertRegex(log, rf"\nmemwatch: warning: {self.certificate}: expired [^\n]* GMT, clients refuse it; SIGHUP reads a renewed one\n")
        trouble = self.status()["certificate"]["trouble"]
        self.assertIn("expired", trouble)
        self.assertIn(f"Certificate {self.certificate}: expired", self.memwatch("status").stdout.decode())
        asked = ("--insecure", "-H", f"Authorization: Bearer {TOKEN}", f"https://{self.host}:{self.port}/api/v1/health")
        _, text, _ = self.curl(*asked)
        health = json.loads(text)
        self.assertEqual((health["status"], health["certificate"]), ("warning", trouble))
        self.make("renewed")
        daemon.send_signal(signal.SIGHUP)
        self.wait(lambda: "CN = renewed" in self.subject(), "the new one")
        status = self.status()["certificate"]
        self.assertIsNone(status["trouble"])
        self.assertGreater(status["valid_until"], time.time() + 24 * 3600)
        self.assertEqual(json.loads(self.request("/api/v1/health", headers=BEARER)[1])["status"], "healthy")
        _, metrics = self.request("/metrics", headers=BEARER)
        self.assertIn(f"\nmemwatch_certificate_valid_until_seconds {status['valid_until']}\n", metrics)
        self.assertEqual(self.log.read_text().count(f"{self.certificate}: expire"), 2)


@unittest.skipUnless(shutil.which("openssl") and shutil.which("curl"), "needs openssl and curl")
class ServeTest(ServeCase):
    def test_recordings_are_served_encrypted(self):
        certificate, key = make_certificate(self.workspace.out, "localhost")
        file, report = self.record("first.mw", ["keep 10"])
        self.serve(file, options=("--certificate", certificate, "--key", key))
        self.assertIn(f"https://{self.host_name}:{self.port}/ (", self.log.read_text())
        run = subprocess.run(
            ["curl", "-sS", "--cacert", certificate, "--noproxy", "*", f"https://localhost:{self.port}/api/v1/status"],
            capture_output=True, timeout=TIMEOUT_S, check=True,
        )
        (process,) = json.loads(run.stdout)["processes"]
        self.assertEqual(process["name"], "does_as_told")
        for options, part in (
            (("--certificate", certificate), "--key"),
            (("--certificate", key, "--key", key), f"{key}: has no certificate in PEM"),
        ):
            told = self.memwatch("serve", *map(str, options), str(file))
            self.assertEqual(told.status, 2, told.stderr)
            self.assertIn(part, told.stderr)
