#!/usr/bin/env python3
"""Read meson's testlog.json, print what failed and was skipped, close with "N passed, N failed".

A C program counts by its test functions (TAP); a script counts as one test. A program that ended before its plan was
done counts each missing function as failed. Exit status 1 when anything failed or nothing ran.
"""
import json
import re
import sys

TAP_LINE = re.compile(r"^(not )?ok \d+ - (.*?)(?: # SKIP ?(.*))?$")
OUTPUT_LINES = 60


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []


def tap_results(text):
    """(name, verdict, skip reason, comment lines) of each function."""
    results = []
    for line in text.splitlines():
        match = TAP_LINE.match(line)
        if match:
            verdict = "failed" if match[1] else "skipped" if match[3] is not None else "passed"
            results.append((match[2], verdict, match[3], []))
        elif line.startswith("# ") and results:
            results[-1][3].append(line[2:])
    return results


def count_tap(test, tally):
    text = test.get("stdout", "")
    plan = re.search(r"^1\.\.(\d+)", text, re.M)
    results = tap_results(text)
    for name, verdict, reason, comments in results:
        full = f"{test['short']}: {name}"
        if verdict == "passed":
            tally.passed += 1
        elif verdict == "skipped":
            tally.skipped.append((full, reason))
        else:
            tally.failed.append((full, comments))
    missing = int(plan[1]) - len(results) if plan else 1
    for number in range(missing):
        lines = test.get("stderr", "").splitlines()[-OUTPUT_LINES:] if number == 0 else []
        tally.failed.append((f"{test['short']}: number {len(results) + number + 1} never ran ({test['result']})", lines))
    broken = test["result"] not in ("OK", "SKIP") and not missing
    if broken and all(verdict != "failed" for _, verdict, _, _ in results):
        tally.failed.append((f"{test['short']}: {test['result']}",
                             test.get("stderr", "").splitlines()[-OUTPUT_LINES:]))


def count_script(test, tally):
    output = (test.get("stdout", "") + test.get("stderr", "")).splitlines()
    if test["result"] in ("OK", "EXPECTEDFAIL"):
        tally.passed += 1
    elif test["result"] == "SKIP":
        reason = next((line for line in output if "SKIP" in line), "")
        tally.skipped.append((test["short"], reason))
    else:
        tally.failed.append((f"{test['short']} ({test['result']})",
                             output[-OUTPUT_LINES:] + ["repeat: " + " ".join(test["command"])]))


def read(path):
    tally = Tally()
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            test["short"] = test["name"].split(" / ")[-1]
            is_tap = re.search(r"^1\.\.\d+", test.get("stdout", ""), re.M) is not None
            (count_tap if is_tap else count_script)(test, tally)
    return tally


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: test_summary.py TESTLOG.json")
    tally = read(sys.argv[1])
    for name, reason in tally.skipped:
        print(f"skipped  {name}: {reason}")
    for name, lines in tally.failed:
        print(f"FAILED   {name}")
        for line in lines:
            print(f"         {line}")
    if tally.skipped:
        print(f"{len(tally.skipped)} skipped")
    print(f"{tally.passed} passed, {len(tally.failed)} failed")
    return 1 if tally.failed or not (tally.passed or tally.skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
