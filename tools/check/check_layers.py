#!/usr/bin/env python3
"""The include law: who may include whom, and which file may include which library."""
import re

import tree

SEES = {
    "base": {"base"},
    "dsp": {"dsp", "base"},
    "audio": {"audio", "dsp", "base"},
    "models": {"models", "dsp", "base"},
    "net": {"net", "base"},
    "pipeline": {"pipeline", "audio", "models", "net", "dsp", "base"},
    "tools": {"tools", "pipeline", "audio", "models", "net", "dsp", "base"},
    "tests": {"tests", "tools", "pipeline", "audio", "models", "net", "dsp", "base"},
}

# Library header -> the product files that may include it. Tests may include what they test with.
LIBRARIES = {
    r"fftw3\.h": r"dsp/fft\.c",
    r"alsa/.*": r"audio/\w+\.c",
    r"pulse/.*": r"audio/\w+\.c",
    r"opus(/.*|\.h)": r"audio/\w+\.c",
    r"sqlite3\.h": r"pipeline/(store|ledger|ledger_latency|ledger_report|telemetry)\.c",
    r"pcre2\.h": r"pipeline/privacy_pattern\.c",
    r"yaml\.h": r"pipeline/yaml_\w+\.c",
    r"jansson\.h": r"(pipeline/json_\w+|net/\w+|tools/.*)\.c",
    r"libwebsockets\.h": r"net/\w+\.c",
    r"openssl/.*": r"(net|pipeline)/\w+\.c",
    r"cairo\.h": r"tools/linnet/plot\.c",
    r"systemd/.*": r"pipeline/\w+\.c",
}
# Of these, one .c file in the whole product.
ONLY_ONE = {r"fftw3\.h", r"alsa/.*", r"pulse/.*", r"opus(/.*|\.h)", r"cairo\.h"}

SYSTEM = re.compile(
    r"(assert|complex|ctype|dirent|errno|execinfo|fcntl|fenv|float|fnmatch|ftw|getopt|glob|inttypes|limits|locale|malloc"
    r"|math|netdb|poll|pthread|pwd|regex|sched|semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef"
    r"|stdint|stdio|stdlib|stdnoreturn|string|strings|syslog|termios|time|ucontext|unistd|wchar|wctype)\.h"
    r"|(sys|arpa|net|netinet|linux|asm|sanitizer|valgrind)/[\w/]+\.h|(\w*intrin|arm_neon)\.h")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def check_own(report, name, line, header, homes):
    if "/" in header:
        report.add(name, line, f'"{header}": include it without its folder')
        return
    folder = name.parts[0]
    home = homes.get(header)
    if home is None:
        report.add(name, line, f'"{header}": no such header in the tree')
    elif home not in SEES.get(folder, {home}):
        report.add(name, line, f'"{header}": {folder}/ may not see {home}/')


def check_library(report, name, line, header, users):
    for pattern, allowed in LIBRARIES.items():
        if not re.fullmatch(pattern, header):
            continue
        if name.parts[0] == "tests":
            return
        users.setdefault(pattern, set()).add(str(name))
        if not re.fullmatch(allowed, str(name)):
            report.add(name, line, f"<{header}>: expected only in {allowed}")
        return
    if not SYSTEM.fullmatch(header):
        report.add(name, line, f"<{header}>: not a system header, and no rule of check_layers.py lets it in")


def check_names(report, names):
    seen = {}
    for name in names:
        if name.name in seen:
            report.add(name, 1, f"the file name is taken by {seen[name.name]}")
        seen.setdefault(name.name, name)


def main():
    top, report, users = tree.root(), tree.Report(), {}
    names = tree.sources(top)
    homes = {name.name: name.parts[0] for name in names if name.suffix == ".h"}
    check_names(report, names)
    for name in names:
        text = tree.read(top, name)
        blanked = tree.blank(text)
        for match in INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            if not blanked[match.start():match.end()].lstrip().startswith("#"):
                continue
            if match[1] == '"':
                check_own(report, name, line, match[2], homes)
            else:
                check_library(report, name, line, match[2], users)
    for pattern in ONLY_ONE & users.keys():
        if len(users[pattern]) > 1:
            report.add(min(users[pattern]), 1, f"<{pattern}> is included by {len(users[pattern])} files: expected one")
    report.finish()


if __name__ == "__main__":
    main()
