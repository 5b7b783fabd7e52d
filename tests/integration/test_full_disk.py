"""A disk without room under the daemon's state: real, a small file system in a mount namespace that outlives the daemon."""

import errno
import json
import os

from harness.held_namespace import HeldNamespace
from test_alerts import AlertsTest, Receiver, free_port


class FullDiskTest(AlertsTest):
    def setUp(self):
        super().setUp()
        self.state = self.workspace.root / "home" / "state"
        self.state.mkdir(parents=True)
        self.place = HeldNamespace(self, "4m", self.state)

    def fill(self):
        with open(self.place.seen_from_here / "fill", "ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError as error:
                    self.assertEqual(error.errno, errno.ENOSPC)

    def lines_with(self, *parts):
        return [line for line in self.log.read_text().splitlines() if all(part in line for part in parts)]

    def start_here(self):
        return self.start(prefix=self.place.enter)

    def waiting_files(self):
        return list((self.place.seen_from_here / "memwatch" / "outbox").rglob("*.json"))

    def samples(self, target):
        run = self.memwatch("history", target.pid, "--format", "json", "--count", "1000")
        return run.status == 0 and len(json.loads(run.stdout)["samples"])

    def test_each_part_says_so_once_goes_on_and_loses_nothing(self):
        port = free_port()
        self.alerting(f'[alerts.webhook]\nurl = "http://127.0.0.1:{port}/"\n')
        daemon = self.start_here()
        target, first = self.large_alert()
        self.wait(lambda: len(self.waiting_files()) == 1, "the first, which waits for the webhook")
        self.wait(lambda: self.samples(target), "samples")
        self.fill()
        self.wait(lambda: self.lines_with("the history", "writing is tried again"), "the history's trouble")
        self.one_line(self.memwatch("watch", "add", self.tag + "new"), 3, "watch-list", os.strerror(errno.ENOSPC))
        target.tell("fail")
        self.wait(lambda: self.lines_with("it waits in memory until it can be kept"), "the outbox's trouble")
        written = self.samples(target)
        target.tell("fail")
        target.tell("keep 10")
        self.wait(lambda: self.of(target.pid)["totals"]["failed"] == 2, "the daemon, which goes on")
        self.assertEqual(len(self.waiting_files()), 1)
        self.assertNotIn(self.tag + "new", self.memwatch("watch", "list").stdout.decode())
        for part in ("writing is tried again", "it waits in memory until it can be kept"):
            self.assertEqual(len(self.lines_with(part)), 1, self.log.read_text())

        (self.place.seen_from_here / "fill").unlink()
        self.wait(lambda: len(self.waiting_files()) == 2, "what waited in memory")
        self.wait(lambda: self.samples(target) > written + 1, "the history, which goes on")
        self.wait(lambda: {alert["type"] for alert in self.alerts()} == {"large", "failure"}, "both alerts")
        self.assertEqual(self.memwatch("watch", "add", self.tag + "new").status, 0)
        self.workspace.collector_was_killed = True
        daemon.kill()
        daemon.wait()
        receiver = Receiver(self, port)
        self.start_here()
        self.wait(lambda: len(receiver.posts) >= 2, "what waited")
        self.assertEqual([body["alert"]["type"] for _, _, body in receiver.posts[:2]], ["large", "failure"])
        self.assertEqual(receiver.posts[0][2]["alert"]["id"], first["id"])
        self.assertLessEqual({"large", "failure"}, {alert["type"] for alert in self.alerts()})
        self.assertIn(self.tag + "new", self.memwatch("watch", "list").stdout.decode())
