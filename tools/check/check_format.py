#!/usr/bin/env python3
"""C looks as .clang-format says, Python compiles, shell scripts pass shellcheck."""
import ast
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import tree

WIDTH = 100


def run_on(top, command, names):
    """The lines that a command prints when it fails on these files."""
    if not names:
        return []
    result = subprocess.run(command + [str(name) for name in names], cwd=top, capture_output=True, text=True, check=False)
    return (result.stdout + result.stderr).splitlines() if result.returncode else []


def check_c(top, report):
    names = tree.sources(top)
    parts = [names[i::4] for i in range(4)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outputs = pool.map(lambda part: run_on(top, ["clang-format", "--dry-run", "-Werror"], part), parts)
    worst = {line.split(":")[0]: line for lines in outputs for line in reversed(lines) if "error:" in line}
    for name, line in sorted(worst.items()):
        report.add(name, line.split(":")[1], "not as clang-format would write it: run clang-format -i")


def check_width(top, report):
    """clang-format leaves comments as they are, so long lines in them are looked for here."""
    for name in tree.sources(top):
        text = tree.read(top, name)
        if tree.is_generated(text):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > WIDTH:
                report.add(name, number, f"{len(line)} characters: expected at most {WIDTH}")


def check_python(top, report):
    for name in tree.sources(top, ".py"):
        try:
            ast.parse(tree.read(top, name), str(name))
        except SyntaxError as error:
            report.add(name, error.lineno, error.msg)


def is_shell(top, name):
    if name.suffix == ".sh":
        return True
    if name.suffix or name.parts[0] in ("assets",):
        return False
    with open(top / name, "rb") as file:
        return file.readline().rstrip() in (b"#!/bin/bash", b"#!/bin/sh", b"#!/usr/bin/env bash")


def check_shell(top, report):
    names = [name for name in tree.tracked(top) if is_shell(top, name)]
    for line in run_on(top, ["shellcheck", "--external-sources", "--format=gcc"], names):
        report.add(line, "", "shellcheck")


def main():
    missing = [tool for tool in ("clang-format", "shellcheck") if not shutil.which(tool)]
    if missing:
        print(f"SKIP: {', '.join(missing)} not installed")
        sys.exit(77)
    top, report = tree.root(), tree.Report()
    check_c(top, report)
    check_width(top, report)
    check_python(top, report)
    check_shell(top, report)
    report.finish()


if __name__ == "__main__":
    main()
