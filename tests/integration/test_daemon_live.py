"""The daemon's live stream: the same messages as server-sent events and over a WebSocket, to whoever may read it.

Readers that are too slow, or say too much, are those of tests/unit/server/http_live_test.cpp.
"""

import base64
import hashlib
import json
import os
import random
import signal
import socket
import struct

from harness.case import TIMEOUT_S
from test_daemon import MEBIBYTE, RestCase, Target

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455


class Events:
    """A reader of server-sent events."""

    def __init__(self, test, headers=(), connection=None):
        self.socket = connection or socket.create_connection((test.host, test.port), timeout=TIMEOUT_S)
        test.addCleanup(self.socket.close)
        lines = ["GET /api/v1/stream HTTP/1.1", "Host: localhost", *headers]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        test.addCleanup(self.file.close)
        self.status = self.file.readline().split()[1].decode()
        self.headers = {}
        while (line := self.file.readline().strip()):
            name, value = line.decode().split(": ", 1)
            self.headers[name] = value

    def message(self):
        fields = {}
        while True:
            line = self.file.readline().decode()
            if not line:
                raise EOFError
            line = line.rstrip("\n")
            if not line and fields:
                break
            if line and not line.startswith(":"):
                name, value = line.split(": ", 1)
                assert name not in fields
                fields[name] = value
                if name == "retry":
                    fields = {}
        message = json.loads(fields["data"])
        assert (message["type"], str(message["id"])) == (fields["event"], fields["id"])
        return message


class WebSocket:
    """As much of RFC 6455 as a reader needs."""

    def __init__(self, test, headers=(), host="localhost", connection=None):
        self.socket = connection or socket.create_connection((test.host, test.port), timeout=TIMEOUT_S)
        test.addCleanup(self.socket.close)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET /api/v1/ws HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", *headers]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        test.addCleanup(self.file.close)
        self.status = self.file.readline().split()[1].decode()
        answer = {}
        while (line := self.file.readline().strip()):
            name, value = line.decode().split(": ", 1)
            answer[name.lower()] = value
        if self.status == "101":
            wanted = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
            test.assertEqual(answer["sec-websocket-accept"], wanted)

    def send(self, opcode, payload):
        mask = os.urandom(4)
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        self.socket.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)

    def frame(self):
        first, second = self.file.read(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", self.file.read(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", self.file.read(8))
        return first & 0x0F, self.file.read(size)

    def message(self):
        while True:
            opcode, payload = self.frame()
            if opcode == 1:
                return json.loads(payload)


class LiveTest(RestCase):
    def setUp(self):
        super().setUp()
        self.told = {}  # by id, of all readers

    def follow(self, reader, condition, what):
        """The first message that fits; each is checked against what is documented, and against what others are told."""
        for _ in range(10_000):
            message = reader.message()
            complaints = self.schema_complaints({"$ref": "#/components/schemas/LiveMessage"}, message, "message")
            kind = message["type"]
            if message.get("state") == "forgotten":
                self.assertEqual(set(message), {"type", "id", "pid", "state"})
            else:
                schema = {"sample": "LiveSample", "alert": "LiveAlert"}.get(kind, kind.capitalize())
                rest = {key: value for key, value in message.items() if key not in ("type", "id")}
                complaints += self.schema_complaints({"$ref": f"#/components/schemas/{schema}"}, rest, kind)
            self.assertEqual(complaints, [])
            self.assertEqual(self.told.setdefault(message["id"], message), message)
            if condition(message):
                return message
        raise AssertionError(what)

    def follow_of(self, reader, kind, pid, condition=lambda message: True):
        def fits(message):
            named = message["alert"] if message["type"] == "alert" else message
            return message["type"] == kind and named["pid"] == pid and condition(message)

        return self.follow(reader, fits, f"{kind} of {pid}")

    def test_both_ways_tell_the_same_story(self):
        early = Target(self, self.tag + "a")
        self.wait_for_recording(early.pid)
        readers = [Events(self), WebSocket(self)]
        self.assertEqual([reader.status for reader in readers], ["200", "101"])
        self.assertEqual(readers[0].headers["Content-Type"], "text/event-stream")
        for reader in readers:
            found = self.follow_of(reader, "process", early.pid)
            self.assertEqual((found["state"], found["mode"]), ("running", "exact"))
            self.follow_of(reader, "sample", early.pid)
        late = Target(self, self.tag + "b")
        for reader in readers:
            self.follow_of(reader, "process", late.pid, lambda m: m["source"] == "recorded")
        late.tell(f"touch {20 * MEBIBYTE}")
        late.tell("fail")
        ids = []
        for reader in readers:
            sample = self.follow_of(reader, "sample", late.pid, lambda m: m["failed"] == 1)
            self.assertGreaterEqual(sample["live_bytes"], 20 * MEBIBYTE)  # what was before it was found is not known
            self.assertEqual(sample["external"], max(0, sample["rss"] - sample["live_bytes"]))
            ids.append(sample["id"])
            breakdown = self.follow_of(reader, "breakdown", late.pid, lambda m: m["parts"][0]["bytes"] >= 20 * MEBIBYTE)
            self.assertEqual(sum(part["bytes"] for part in breakdown["parts"]), breakdown["rss"])
        self.assertEqual(ids[0], ids[1])
        late.tell(f"exec {self.program(self.tag + 'c')}")
        for reader in readers:
            self.follow_of(reader, "process", late.pid, lambda m: m["name"] == self.tag + "c")
        late.end()
        for reader in readers:
            ended = self.follow_of(reader, "process", late.pid, lambda m: m["state"] == "ended")
            self.assertEqual(ended["exit"], {"kind": "exited", "code": 0, "signal": 0})

    def test_alerts_are_told_when_they_begin_and_end_and_to_who_comes_later(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        readers = [Events(self), WebSocket(self)]
        for reader in readers:
            self.follow_of(reader, "process", target.pid)
        target.tell(f"large {32 * MEBIBYTE}")
        told = [self.follow_of(reader, "alert", target.pid) for reader in readers]
        self.assertEqual(told[0], told[1])
        alert = told[0]["alert"]
        self.assertEqual((told[0]["event"], alert["type"], alert["resolved"]), ("raised", "large", False))
        self.assertEqual(alert["metrics"]["size"], 32 * MEBIBYTE)
        self.assertEqual(alert["site"]["function"], "main")
        later = Events(self)
        found = self.follow_of(later, "alert", target.pid)
        self.assertEqual((found["event"], found["alert"]["id"]), ("active", alert["id"]))
        self.assertEqual(self.request(f"/api/v1/alerts/{alert['id']}/resolve", "POST")[0].status, 200)
        for reader in (*readers, later):
            over = self.follow_of(reader, "alert", target.pid)
            self.assertEqual((over["event"], over["alert"]["id"]), ("resolved", alert["id"]))
            self.assertEqual(over["alert"]["resolution"], "resolved by hand")

    def test_an_alert_that_gets_worse_is_told_again(self):
        self.configure(self.config.read_text() + '[alerts]\nheap = "8MiB"\nhold = "1s"\n')
        self.daemons[0].send_signal(signal.SIGHUP)
        self.wait(lambda: "read again" in self.log.read_text(), "the reload")
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        reader = WebSocket(self)
        target.tell(f"touch {9 * MEBIBYTE}")

        def is_threshold(message):
            return message["alert"]["type"] == "threshold"

        raised = self.follow_of(reader, "alert", target.pid, is_threshold)
        self.assertEqual((raised["event"], raised["alert"]["severity"]), ("raised", "warning"))
        target.tell(f"touch {9 * MEBIBYTE}")
        worse = self.follow_of(reader, "alert", target.pid, is_threshold)
        self.assertEqual((worse["event"], worse["alert"]["severity"]), ("escalated", "critical"))
        self.assertEqual(worse["alert"]["id"], raised["alert"]["id"])

    def test_a_web_socket_is_answered_when_it_pings_and_says_farewell(self):
        socket_ = WebSocket(self)
        socket_.send(9, b"there?")
        while (frame := socket_.frame())[0] != 10:
            pass
        self.assertEqual(frame[1], b"there?")
        socket_.send(1, b"what it says does not matter")
        socket_.send(8, struct.pack(">H", 1000))
        while (frame := socket_.frame())[0] != 8:
            pass
        self.assertEqual(frame[1][:2], struct.pack(">H", 1000))

    def test_listeners_are_bounded_and_strangers_refused(self):
        readers = [Events(self) for _ in range(16)]
        self.assertEqual({reader.status for reader in readers}, {"200"})
        self.assertEqual(WebSocket(self).status, "503")
        self.assertEqual(self.request("/api/v1/stream")[0].status, 503)
        for reader in readers:
            reader.file.close()
            reader.socket.close()
        self.wait(lambda: WebSocket(self).status == "101", "room")
        for origin in ("http://evil.example", "null", "http://localhost:3000", "https://localhost", "localhost"):
            self.assertEqual(WebSocket(self, [f"Origin: {origin}"]).status, "403", origin)
            self.assertEqual(Events(self, [f"Origin: {origin}"]).status, "403", origin)
        own = f"http://{self.host}:{self.port}"
        self.wait(lambda: WebSocket(self, [f"Origin: {own}"], f"{self.host}:{self.port}").status == "101", "room")
        for status, path, method in (
            (426, "/api/v1/ws", "GET"),
            (405, "/api/v1/ws", "POST"),
            (405, "/api/v1/stream", "DELETE"),
            (400, "/api/v1/stream?pid=1", "GET"),
            (404, "/api/v1/stream/1", "GET"),
            (403, "/api/v1/stream", "GET"),
        ):
            headers = {"Host": "evil.example"} if status == 403 else {}
            self.assertEqual(self.request(path, method, headers)[0].status, status, path)

    def test_in_silence_listeners_hear_that_it_lives_and_who_asks_nothing_is_hung_up_on(self):
        says_nothing = socket.create_connection((self.host, self.port), timeout=TIMEOUT_S)
        self.addCleanup(says_nothing.close)
        asks_half = socket.create_connection((self.host, self.port), timeout=TIMEOUT_S)
        self.addCleanup(asks_half.close)
        asks_half.sendall(b"GET /api/v1/status HTTP/1.1\r\nHost: ")
        events, web_socket = Events(self), WebSocket(self)  # nothing runs here that there would be news of
        lines = iter(events.file.readline, b"")
        self.assertTrue(any(line.startswith(b":") for line in lines), "a comment")
        self.assertEqual(web_socket.frame()[0], 9, "a ping")
        for connection in (says_nothing, asks_half):
            self.assertEqual(connection.recv(1), b"")

    def test_bytes_that_are_no_web_socket_end_it_and_nothing_else(self):
        generator = random.Random(7)
        for _ in range(30):
            socket_ = WebSocket(self)
            if socket_.status == "503":  # the daemon has not seen the last ones go
                continue
            try:
                socket_.socket.sendall(generator.randbytes(generator.randint(1, 2000)))
                socket_.socket.shutdown(socket.SHUT_WR)
                while socket_.socket.recv(65536):
                    pass
            except ConnectionError:
                pass
            socket_.file.close()
            socket_.socket.close()
        self.wait(lambda: WebSocket(self).status == "101", "room")
        self.assertEqual(self.request("/api/v1/health")[0].status, 200)

    def test_its_end_does_not_wait_for_listeners(self):
        target = Target(self, self.tag)
        self.wait_for(target.pid)
        readers = [Events(self), WebSocket(self)]
        for reader in readers:
            self.follow_of(reader, "process", target.pid)
        self.stop(self.daemons[0])
        for reader in readers:
            with self.assertRaises((EOFError, ValueError, ConnectionError)):
                while True:
                    reader.message()
