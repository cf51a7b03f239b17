#!/usr/bin/env python3
"""No mutable data at file scope and no mutable statics in functions, but for the list in exceptions.toml."""
import re

import tree

NOT_DATA = re.compile(r"^(typedef|extern|_Static_assert|_Pragma|__attribute__)\b")
TYPE_ONLY = re.compile(r"^(static |const )*(struct|union|enum)\s*\w*\s*(\{\})?$")
LOCAL_STATIC = re.compile(r"^[ \t]+(static\b[^;({=]*?)(?=[{=;]|\[)", re.M)
FUNCTION_TYPE = re.compile(r"\btypedef\s[^;(]*?\b(\w+)\(")


def is_mutable(declarator):
    """Whether the data itself can change: with a pointer, const has to stand after its star."""
    pointer_to_function = re.search(r"\(\*([^)]*)\)", declarator)
    after_star = pointer_to_function[1] if pointer_to_function else declarator.rsplit("*", 1)[-1]
    return not re.search(r"\bconst\b", after_star)


def declared_name(declarator):
    pointer_to_function = re.search(r"\(\*([^)]*)\)", declarator)
    declarator = pointer_to_function[1] if pointer_to_function else declarator
    names = re.findall(r"[A-Za-z_]\w*", re.sub(r"\[.*", "", declarator, flags=re.S))
    return names[-1] if names else "?"


def is_function(head):
    """A prototype or a definition: its first parenthesis does not open a pointer."""
    plain = re.sub(r"_Alignas\([^)]*\)|__attribute__\(\(.*?\)\)", "", head)
    return "(" in plain and not plain[plain.index("(") + 1:].lstrip().startswith("*")


def main():
    top, report = tree.root(), tree.Report()
    allowed = tree.exceptions("global")
    for name in tree.sources(top, folders=tree.LIBRARY_FOLDERS + ("tools",)):
        text = tree.read(top, name)
        found, function_types = [], set(FUNCTION_TYPE.findall(text))
        for line, statement in tree.statements(text):
            head = statement.split("=")[0].strip()
            if not head or NOT_DATA.match(head) or TYPE_ONLY.match(head) or is_function(head):
                continue
            if head.split()[0] in function_types:
                continue
            found.append((line, re.sub(r"\{\}", " ", head)))
        blanked = tree.without_directives(tree.blank(text))
        for match in LOCAL_STATIC.finditer(blanked):
            found.append((blanked.count("\n", 0, match.start()) + 1, match[1].split("[")[0].strip()))
        for line, declarator in found:
            variable = declared_name(declarator)
            if is_mutable(declarator) and (str(name), variable) not in allowed:
                report.add(name, line, f"{variable}: mutable data that outlives its owner")
    report.finish()


if __name__ == "__main__":
    main()
