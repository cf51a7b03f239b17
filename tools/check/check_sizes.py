#!/usr/bin/env python3
"""Functions, parameters and files stay small; prints the distribution too."""
import tree

FUNCTION_LINES, FUNCTION_COMPLEXITY, PARAMETERS = 80, 15, 7
HARD_LINES, HARD_COMPLEXITY = 120, 25
FILE_LINES, HEADER_LINES = 800, 300
MEDIAN_TARGET, P90_TARGET = 12, 40


def check_function(report, name, function, allowed):
    row = allowed.get((str(name), function.name))
    most_lines = min(row.get("lines", FUNCTION_LINES), HARD_LINES) if row else FUNCTION_LINES
    most_complexity = min(row.get("complexity", FUNCTION_COMPLEXITY), HARD_COMPLEXITY) if row else FUNCTION_COMPLEXITY
    if function.lines > most_lines:
        report.add(name, function.line, f"{function.name}: {function.lines} lines: expected at most {most_lines}")
    if function.complexity > most_complexity:
        report.add(name, function.line,
                   f"{function.name}: complexity {function.complexity}: expected at most {most_complexity}")
    if function.parameters > PARAMETERS:
        report.add(name, function.line,
                   f"{function.name}: {function.parameters} parameters: expected at most {PARAMETERS}")


def check_file(report, name, text):
    most = HEADER_LINES if name.suffix == ".h" else FILE_LINES
    lines = text.count("\n")
    if lines > most and not tree.is_generated(text):
        report.add(name, 1, f"{lines} lines: expected at most {most}")


def distribution(lengths):
    lengths = sorted(lengths)
    if lengths:
        median, p90 = lengths[len(lengths) // 2], lengths[len(lengths) * 9 // 10]
        print(f"{len(lengths)} functions of the product: median {median} lines (target {MEDIAN_TARGET}), "
              f"p90 {p90} (target {P90_TARGET}), longest {lengths[-1]}")


def main():
    top, report, lengths = tree.root(), tree.Report(), []
    allowed = tree.exceptions("function")
    for name in tree.sources(top):
        text = tree.read(top, name)
        check_file(report, name, text)
        for function in tree.functions(text):
            check_function(report, name, function, allowed)
            if name.parts[0] in tree.LIBRARY_FOLDERS + ("tools",):
                lengths.append(function.lines)
    distribution(lengths)
    report.finish()


if __name__ == "__main__":
    main()
