#!/usr/bin/env python3
"""Headers carry their contract: a comment on top that says what the thing is for, and who may call it from which thread."""
import re

import tree

CONTRACT_LETTERS = 40


def check_contract(report, name, text):
    comment = re.match(r"/\*(.*?)\*/", text, re.S)
    if not comment or len(re.sub(r"\W", "", comment[1])) < CONTRACT_LETTERS:
        report.add(name, 1, "expected a comment on top: purpose, shapes and units, ownership, threads, errors")
    if "Thread:" not in text:
        report.add(name, 1, 'expected "Thread: audio-rt | front | worker | control | any" for each function or for all')


def check_guard(report, name, text):
    guard = re.search(r"^#ifndef (\w+)\n#define \1$", text, re.M)
    if not guard and not name.stem.endswith("_impl") and "_impl_" not in name.stem:
        report.add(name, 1, "expected an include guard")


def main():
    top, report = tree.root(), tree.Report()
    for name in tree.sources(top, ".h", folders=tree.LIBRARY_FOLDERS + ("tools",)):
        text = tree.read(top, name)
        check_contract(report, name, text)
        check_guard(report, name, text)
    report.finish()


if __name__ == "__main__":
    main()
