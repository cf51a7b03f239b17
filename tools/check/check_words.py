#!/usr/bin/env python3
"""Words that mean unfinished work, and paths that exist on one machine only."""
import re

import tree

TEXT = {".c", ".h", ".py", ".sh", ".md", ".yaml", ".yml", ".toml", ".build", ".txt", ".1", ".js", ".html", ""}
CODE = {".c", ".h", ".py", ".sh", ".build", ""}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|[Ss]tub|[Pp]laceholder)\b|[Nn]ot implemented")
MACHINE = re.compile(r"(?<![\w.])/(work|root|tmp/wt)/|~/(bin|train|venv|brief|linnet-data)\b|/home/\w+/")
TRAILING = re.compile(r"[ \t]+$")
DATA = ("tests/fuzz/corpus/", "tests/data/", "assets/")


def check_line(report, name, number, line):
    unfinished = UNFINISHED.search(line) if name.suffix in CODE else None
    if unfinished:
        report.add(name, number, f'"{unfinished[0]}": finish it, or say what is so and why')
    machine = MACHINE.search(line)
    if machine:
        report.add(name, number, f'"{machine[0]}": a path of one machine')
    if TRAILING.search(line):
        report.add(name, number, "blanks at the end of the line")
    if "\t" in line and name.suffix in {".c", ".h", ".py", ".build"}:
        report.add(name, number, "a tab: expected blanks")


def main():
    top, report = tree.root(), tree.Report()
    for name in tree.tracked(top):
        if name.suffix not in TEXT or str(name).startswith(DATA) or name.name in ("LICENSE", "check_words.py"):
            continue
        text = tree.read(top, name)
        if "\0" in text:
            continue
        if text and not text.endswith("\n"):
            report.add(name, text.count("\n") + 1, "no newline at the end of the file")
        for number, line in enumerate(text.splitlines(), 1):
            check_line(report, name, number, line)
    report.finish()


if __name__ == "__main__":
    main()
