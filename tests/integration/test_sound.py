"""What an alert sounds like: the bundled files, and what a real PulseAudio server plays, recorded from the monitor of
a sink of its own. Nothing depends on how quickly: a recording is complete when silence follows."""

import json
import math
import runpy
import shutil
import signal
import struct
import subprocess
import wave
from pathlib import Path

from harness.case import IntegrationTest
from harness.configuration import configuration
from test_daemon import MEBIBYTE, DaemonTest, Target

RATE = 22050
QUIET = 20  # less is silence: of 32767
NEEDED = ("pulseaudio", "pactl", "paplay", "parec")


SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make-sounds"


def melodies():
    """Of each type, from the script that makes the files."""
    return runpy.run_path(str(SCRIPT))["SOUNDS"]


def energy_at(samples, frequency):
    """Goertzel: how much of this frequency there is."""
    factor = 2 * math.cos(2 * math.pi * frequency / RATE)
    last = before = 0.0
    for sample in samples:
        last, before = sample + factor * last - before, last
    return last * last + before * before - factor * last * before


def samples_in(path):
    with wave.open(str(path)) as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, RATE):
            raise AssertionError(f"{path}: {file.getparams()}")
        return struct.unpack(f"<{file.getnframes()}h", file.readframes(file.getnframes()))


def bundled():
    return configuration.memwatch.parent.parent / "share" / "memwatch" / "sounds"


class FilesTest(IntegrationTest):
    """Heard by measuring: level, length, no clicks, the melody and little besides."""

    def test_the_bundled_sounds_are_what_their_script_makes(self):
        again = self.workspace.out / "sounds"
        subprocess.run([SCRIPT, again], check=True)
        self.assertEqual({path.name: path.read_bytes() for path in again.iterdir()},
                         {path.name: path.read_bytes() for path in bundled().iterdir()})

    def test_each_is_short_and_soft_at_both_ends(self):
        for kind in melodies():
            samples = samples_in(bundled() / f"{kind}.wav")
            self.assertAlmostEqual(max(map(abs, samples)) / 32767, 0.9, delta=0.001, msg=kind)
            self.assertGreater(len(samples) / RATE, 0.2, kind)
            self.assertLess(len(samples) / RATE, 0.7, kind)
            self.assertLess(abs(sum(samples) / len(samples)), 20, f"{kind}: off the middle")
            # A click is a step. The steepest sine here, 880 Hz and a quiet octave, makes steps of a third of its peak.
            steps = [abs(b - a) for a, b in zip((0, *samples), (*samples, 0))]
            self.assertLess(max(steps), 0.4 * 32767, kind)
            self.assertLess(max(steps[: RATE // 1000]), 0.05 * 32767, f"{kind}: a hard beginning")
            self.assertLess(max(steps[-RATE // 1000 :]), 0.01 * 32767, f"{kind}: a hard end")

    def test_each_is_its_melody_and_little_besides(self):
        whole = {}
        for kind, tones in melodies().items():
            samples = samples_in(bundled() / f"{kind}.wav")
            for frequency, begin, length in tones:
                # From a middle on where no other tone has just begun, the tone is louder than all that is not near it.
                part = samples[round((begin + 0.01) * RATE) : round((begin + length) * RATE)]
                rest = max(energy_at(part, other) for other in range(1900, RATE // 2, 100))
                self.assertGreater(energy_at(part, frequency), 1000 * rest, f"{kind}: {frequency} Hz and shrill ones")
            whole[kind] = [round(frequency) for frequency, _, _ in tones], [begin for _, begin, _ in tones]
        self.assertEqual(len({str(melody) for melody in whole.values()}), len(whole), "told apart")


class Recorder:
    """Everything that the sink plays from now on, as samples."""

    def __init__(self, test, environment):
        self.path = test.workspace.out / "recorded"
        with open(self.path, "wb") as output:
            self.process = subprocess.Popen(
                ["parec", "--device=memwatch_test.monitor", "--format=s16le", f"--rate={RATE}", "--channels=1",
                 "--latency-msec=20"],
                env=environment,
                stdout=output,
                stderr=subprocess.DEVNULL,
            )
        test.addCleanup(self.stop)

    def samples(self):
        data = self.path.read_bytes()
        return struct.unpack(f"<{len(data) // 2}h", data[: len(data) // 2 * 2])

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()


class SoundTest(DaemonTest):
    def setUp(self):
        missing = [program for program in NEEDED if not shutil.which(program)]
        if missing:
            self.skipTest(f"no {' and '.join(missing)}: scripts/install-dependencies --real-programs")
        super().setUp()
        # What else can play here is not asked: nobody is to hear these tests.
        self.players = self.workspace.root / "players"
        self.players.mkdir()
        (self.players / "paplay").symlink_to(shutil.which("paplay"))

    def start_sounding(self, **more):
        return self.start("--listen", "off", **{"PATH": self.players, **self.sound_environment, **more})

    def start_server(self):
        socket = self.workspace.root / "pulse"
        self.sound_environment = {"PULSE_SERVER": f"unix:{socket}"}
        # At the rate of the sounds nothing is resampled. A rewind, by which a sound begins in what was played already, would
        # take its first milliseconds from the recording: with neither of them every sample arrives as it was sent.
        server = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes",
             "--high-priority=no", "--realtime=no",
             "-L", f"module-null-sink sink_name=memwatch_test rate={RATE} channels=1 norewinds=1",
             "-L", f"module-native-protocol-unix auth-anonymous=1 socket={socket}"],
            env=self.workspace.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

        def end():
            server.terminate()
            server.wait()

        self.addCleanup(end)
        environment = self.workspace.environment(**self.sound_environment)
        self.wait(
            lambda: subprocess.run(["pactl", "info"], env=environment, capture_output=True, check=False).returncode == 0,
            "the sound server",
        )
        self.recorder = Recorder(self, environment)
        self.wait(lambda: len(self.recorder.samples()) > RATE // 10, "the recording")

    def sounding(self, text=""):
        self.watching("exact")
        self.configure(self.config.read_text() + "[alerts.sound]\n" + text)

    def heard(self, do):
        """What is played because of it, without the silence around; it has to have ended."""
        begin = len(self.recorder.samples())
        do()
        found = []

        def is_over():
            samples = self.recorder.samples()[begin:]
            loud = [i for i, sample in enumerate(samples) if abs(sample) > QUIET]
            if not loud or len(samples) - loud[-1] < RATE // 2:
                return False
            found[:] = samples[loud[0] : loud[-1] + 1]
            return True

        self.wait(is_over, "a sound")
        return found

    def assert_heard(self, samples, written, volume):
        """All of the file, sample by sample; where both have faded away does not matter."""
        expected = [sample * volume for sample in written]
        begin = next(i for i, sample in enumerate(expected) if abs(sample) > QUIET)

        def wrong(begin):
            rest = expected[begin:]
            heard = [*samples, *[0] * (len(rest) - len(samples))]
            allowed = [2 if i < len(samples) else QUIET + 2 for i in range(len(rest))]
            differences = zip(heard, rest, allowed)
            return [i for i, (a, b, most) in enumerate(differences) if abs(a - b) > most] + [0] * max(len(samples) - len(rest), 0)

        # What is just not silent may be so after rounding.
        least = min((wrong(begin + more) for more in range(4)), key=len)
        self.assertEqual(least[:5], [], f"{len(least)} of {len(expected)} samples are not what was sent")

    def sound_status(self):
        return next(c for c in self.status()["alerts"]["channels"] if c["name"] == "sound")

    def hear_test_alert(self, kind):
        def test():
            run = self.memwatch("test-alert", kind)
            self.assertEqual(run.status, 0, run.stderr)
            self.assertIn("played by", run.stdout.decode())

        return self.heard(test)

    def test_each_type_has_its_melody_at_its_volume(self):
        self.start_server()
        self.sounding()
        self.start_sounding()
        for kind, volume in (("large", 0.5), ("failure", 0.7), ("spike", 0.5), ("pressure", 0.5)):
            self.assert_heard(self.hear_test_alert(kind), samples_in(bundled() / f"{kind}.wav"), volume)

    def test_volume_and_file_of_ones_own(self):
        self.start_server()
        path = self.workspace.out / "own.wav"
        written = [round(20000 * math.sin(2 * math.pi * 1000 * i / RATE)) for i in range(RATE // 3)]
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(struct.pack(f"<{len(written)}h", *written))
        daemon = None
        for volume in (0.8, 0.2):
            self.sounding(f'large = {{ volume = {volume}, file = "{path}" }}\n')
            if daemon is None:
                daemon = self.start_sounding()
            else:
                daemon.send_signal(signal.SIGHUP)
                self.wait(lambda: "read again" in self.log.read_text(), "the new volume")
            self.assert_heard(self.hear_test_alert("large"), written, volume)

    def test_a_large_allocation_is_heard(self):
        self.start_server()
        self.sounding()
        self.start_sounding()
        target = Target(self, self.tag)
        self.wait_for(target.pid)
        samples = self.heard(lambda: target.tell(f"large {32 * MEBIBYTE}"))
        self.wait(lambda: self.sound_status()["delivered"] == 1, "that it was")
        self.assertEqual(self.sound_status()["volumes"]["large"], 0.5)
        self.assertIn("sound: 1 delivered; volume 0.5, failure 0.7\n", self.memwatch("status").stdout.decode())
        self.assert_heard(samples, samples_in(bundled() / "large.wav"), 0.5)

    def test_without_a_sound_device_everything_else_goes_on(self):
        jsonl = self.workspace.out / "alerts.jsonl"
        self.watching("exact")
        self.configure(self.config.read_text() + f'[alerts]\njsonl = "{jsonl}"\n[alerts.sound]\n')
        self.sound_environment = {"PULSE_SERVER": f"unix:{self.workspace.root}/nobody"}
        self.start_sounding()
        run = self.memwatch("test-alert", "large")
        self.assertEqual(run.status, 1)
        self.assertRegex(run.stdout.decode(), r"sound[^\n]*no sound: [^\n]*paplay: exit status 1")
        # A failed test is trouble too, in the text (broken into lines) and in the JSON.
        told_by_status = " ".join(self.memwatch("status").stdout.decode().split())
        self.assertRegex(told_by_status, r"sound: 0 delivered; volume 0\.5, failure 0\.7; the last one failed: no sound: .*paplay")
        self.assertIn("no sound: ", self.sound_status()["trouble"])
        target = Target(self, self.tag)
        self.wait_for(target.pid)

        def told():
            # A line may be on its way: it counts when it has its end.
            lines = jsonl.read_text().splitlines(keepends=True) if jsonl.exists() else []
            alerts = [json.loads(line)["alert"] for line in lines if line.endswith("\n")]
            return sum(alert["pid"] == target.pid for alert in alerts)

        for order, number in ((f"large {32 * MEBIBYTE}", 1), ("fail", 2)):
            target.tell(order)
            self.wait(lambda: told() >= number, "the alert elsewhere")
        self.wait(lambda: "no sound: " in self.log.read_text(), "the line that says so")

        self.wait(lambda: self.sound_status()["failed"] == 2, "both given up")
        self.assertIn("no sound: ", self.sound_status()["trouble"])
        self.assertEqual(self.log.read_text().count("no sound: "), 1)

    def test_without_a_player_it_says_what_to_install(self):
        self.sounding()
        (self.players / "paplay").unlink()
        self.sound_environment = {}
        self.start_sounding()
        run = self.memwatch("test-alert", "large")
        self.assertEqual(run.status, 1)
        self.assertIn("none of pw-play, paplay and aplay is installed", run.stdout.decode())
