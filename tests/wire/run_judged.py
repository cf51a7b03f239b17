#!/usr/bin/env python3
"""Runs a test script in a virtual environment with the packages that judge our messages: `openai` and `google-genai`
(their types), and `websockets` (an independent server). The environment is made once and kept in the checkout's
build folder; without a package registry the test is skipped.

    run_judged.py SCRIPT ARGUMENT...      prints the script's TAP
"""
import fcntl
import os
import pathlib
import subprocess
import sys
import venv

PINS = ["openai==3.54.0", "google-genai==3.4.0", "websockets==17.4"]


def skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def install(folder):
    try:
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([folder / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", *PINS],
                       check=True, capture_output=True, text=True, timeout=400)
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or "").strip().splitlines()
        skip("the judges cannot be installed: " + (lines[-1] if lines else str(error)))
    except (OSError, subprocess.TimeoutExpired) as error:
        skip(f"the judges cannot be installed: {error}")


def environment():
    """The Python with the judges in it."""
    build = pathlib.Path(os.environ["LINNET_SOURCE"]) / "build"
    folder, stamp = build / "judges", build / "judges/pins"
    build.mkdir(exist_ok=True)
    with open(build / "judges.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text(encoding="ascii") != "\n".join(PINS):
            install(folder)
            stamp.write_text("\n".join(PINS), encoding="ascii")
    return folder / "bin/python"


def main():
    python = environment()
    os.execv(python, [str(python), *sys.argv[1:]])


if __name__ == "__main__":
    main()
