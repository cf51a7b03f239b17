#!/usr/bin/env python3
"""A sound server without a sound card: PulseAudio with two null sinks, "speaker" and "mic".

Whatever is played into the sink "mic" comes out of the default microphone (mic.monitor); whatever a program plays to
the default loudspeaker (the sink "speaker") can be recorded. Everything lives in a folder of its own; nothing of the
user's is touched. As a library:

    with PulseRig() as rig:
        recording = rig.record("reply.wav")
        program = subprocess.Popen(["linnet", "run"], env=rig.env)
        rig.play("question.wav")
        time.sleep(5)
        recording.stop()

As a command, the same in one line (exit status: the program's, 0 when it had to be ended after the recording):

    pulse_rig.py --play question.wav --record reply.wav --before 1 --after 5 [--alsa] -- linnet run

--alsa also writes an ALSA configuration whose default device is the pulse plugin on this server, and points
ALSA_CONFIG_PATH at it, so that the program can be tested through ALSA.
"""
import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ALSA_CONFIG = """\
pcm.!default { type asym playback.pcm rig_speaker capture.pcm rig_mic }
pcm.rig_speaker { type pulse server "%(server)s" device speaker }
pcm.rig_mic { type pulse server "%(server)s" device mic.monitor }
ctl.!default { type pulse server "%(server)s" }
"""

SCRIPT = """\
load-module module-native-protocol-unix auth-anonymous=1 socket=%(socket)s
load-module module-null-sink sink_name=speaker rate=48000 channels=1 channel_map=mono
load-module module-null-sink sink_name=mic rate=48000 channels=1 channel_map=mono
set-default-sink speaker
set-default-source mic.monitor
"""


class Recording:
    """A running recording; stop() completes the WAV."""

    def __init__(self, process, path):
        self.process = process
        self.path = path

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=10)
        return self.path


class PulseRig:
    def __init__(self, alsa=False):
        if not shutil.which("pulseaudio") or not shutil.which("paplay"):
            raise FileNotFoundError("pulseaudio and pulseaudio-utils are not installed")
        self.folder = tempfile.mkdtemp(prefix="linnet-rig-")
        self.socket = os.path.join(self.folder, "socket")
        self.server = "unix:" + self.socket
        self.process = None
        self.children = []
        self.env = self._environment(alsa)

    def _environment(self, alsa):
        env = dict(os.environ)
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "PULSE_SINK", "PULSE_SOURCE"):
            env.pop(name, None)
        for name in ("home", "runtime"):
            os.mkdir(os.path.join(self.folder, name), 0o700)
        env.update(
            HOME=os.path.join(self.folder, "home"),
            XDG_CONFIG_HOME=os.path.join(self.folder, "home"),
            XDG_RUNTIME_DIR=os.path.join(self.folder, "runtime"),
            PULSE_SERVER=self.server,
            DBUS_SESSION_BUS_ADDRESS="disabled:",
        )
        if alsa:
            env["ALSA_CONFIG_PATH"] = self._write("asound.conf", ALSA_CONFIG % {"server": self.server})
        return env

    def _write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self):
        script = self._write("rig.pa", SCRIPT % {"socket": self.socket})
        log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen(
            ["pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no",
             "--high-priority=no", "--disable-shm=yes", "-n", "-F", script],
            env=self.env, stdout=log, stderr=log)
        log.close()
        self._wait_for_server()

    def _wait_for_server(self):
        for _ in range(500):
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(self.socket) == 0:
                    break
            time.sleep(0.02)
        for _ in range(100):
            found = subprocess.run(["pactl", "list", "short", "sinks"], env=self.env, capture_output=True, text=True)
            if "speaker" in found.stdout and "mic" in found.stdout:
                return
            time.sleep(0.05)
        raise TimeoutError("pulseaudio does not answer; see " + os.path.join(self.folder, "log"))

    def kill(self):
        """The server dies; start() brings a new one."""
        self.process.kill()
        self.process.wait()

    def play(self, path, wait=True):
        """Play a WAV into the microphone."""
        process = subprocess.Popen(["paplay", "--device=mic", path], env=self.env)
        self.children.append(process)
        if wait and process.wait() != 0:
            raise RuntimeError("cannot play " + path)
        return process

    def record(self, path, rate=24000):
        """Record the loudspeaker into a 16-bit mono WAV until stop()."""
        process = subprocess.Popen(
            ["parecord", "--device=speaker.monitor", "--file-format=wav", "--format=s16le", "--channels=1",
             "--rate=%d" % rate, "--latency-msec=20", path], env=self.env)
        self.children.append(process)
        time.sleep(0.3)
        return Recording(process, path)

    def stop(self):
        for process in self.children + [self.process]:
            if process and process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception):
        self.stop()


def end_program(program):
    """Status of the program; one that still listens is asked to end, then made to."""
    if program.poll() is None:
        program.send_signal(signal.SIGINT)
        try:
            program.wait(timeout=10)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
            return 1
        return 0
    return program.returncode


def run(arguments):
    with PulseRig(alsa=arguments.alsa) as rig:
        recording = rig.record(arguments.record) if arguments.record else None
        program = subprocess.Popen(arguments.command, env=rig.env)
        time.sleep(arguments.before)
        for path in arguments.play:
            rig.play(path)
        time.sleep(arguments.after)
        status = end_program(program)
        if recording:
            recording.stop()
        return status


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--play", action="append", default=[], help="WAV into the microphone; may be repeated")
    parser.add_argument("--record", help="WAV to record the loudspeaker into")
    parser.add_argument("--before", type=float, default=1.0, help="seconds from program start to playing")
    parser.add_argument("--after", type=float, default=5.0, help="seconds from played to ending the program")
    parser.add_argument("--alsa", action="store_true", help="make ALSA's default device this server")
    parser.add_argument("command", nargs="+")
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
