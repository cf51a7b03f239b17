"""A few lines of TAP: functions marked with @test are run in order, a failed assertion or exception is a failed test.
"""
import fnmatch
import os
import sys
import traceback

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def run():
    wanted = os.environ.get("LINNET_TEST_FILTER", "*")
    chosen = [function for function in TESTS if fnmatch.fnmatch(function.__name__, wanted)] or TESTS
    failed = 0
    print(f"1..{len(chosen)}", flush=True)
    for number, function in enumerate(chosen, 1):
        try:
            function()
            print(f"ok {number} - {function.__name__}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), end="")
            print(f"not ok {number} - {function.__name__}", flush=True)
    sys.exit(failed > 0)
