#!/usr/bin/env python3
"""Calls that nobody makes, and calls that library code does not make."""
import re

import tree

EVERYWHERE = {
    "strcpy": "snprintf or memcpy", "strcat": "strbuf", "sprintf": "snprintf", "vsprintf": "vsnprintf",
    "stpcpy": "snprintf", "strncat": "strbuf", "gets": "fgets", "atoi": "strtol with its end checked",
    "atol": "strtol with its end checked", "atof": "strtod with its end checked", "strtok": "strtok_r or strcspn",
    "alloca": "an arena", "tmpnam": "mkstemp", "mktemp": "mkstemp", "tempnam": "mkstemp",
    "asctime": "strftime", "ctime": "strftime", "localtime": "localtime_r", "gmtime": "gmtime_r",
    "rand": "a generator with a seed", "srand": "a generator with a seed", "random": "a generator with a seed",
    "setjmp": "statuses", "longjmp": "statuses",
}
IN_LIBRARIES = {
    "printf": "an error or the log", "puts": "an error or the log", "putchar": "an error or the log",
    "perror": "an error or the log",
    "exit": "a status", "_exit": "a status", "abort": "a status", "system": "nothing", "popen": "nothing",
    "clock_gettime": "base/clock", "gettimeofday": "base/clock", "time": "base/clock", "clock_nanosleep": "base/clock",
    "nanosleep": "base/clock", "usleep": "base/clock", "sleep": "base/clock",
    "setenv": "a parameter",
}

STREAMS = re.compile(r"\b(stdout|stderr)\b")


def main():
    top, report = tree.root(), tree.Report()
    allowed = tree.exceptions("call")
    for name in tree.sources(top):
        banned = dict(EVERYWHERE)
        if name.parts[0] in tree.LIBRARY_FOLDERS:
            banned.update(IN_LIBRARIES)
        pattern = re.compile(r"(?<![\w.>])(" + "|".join(banned) + r")\s*\(")
        text = tree.blank(tree.read(top, name))
        for match in pattern.finditer(text):
            if (str(name), match[1]) in allowed:
                continue
            line = text.count("\n", 0, match.start()) + 1
            report.add(name, line, f"{match[1]}(): use {banned[match[1]]}")
        if name.parts[0] in tree.LIBRARY_FOLDERS:
            for match in STREAMS.finditer(text):
                report.add(name, text.count("\n", 0, match.start()) + 1, f"{match[0]}: library code prints nothing")
    report.finish()


if __name__ == "__main__":
    main()
