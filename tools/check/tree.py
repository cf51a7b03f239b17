"""What the checks share: the files of the tree, C without its comments, functions, and reporting."""
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

LIBRARY_FOLDERS = ("base", "dsp", "audio", "models", "net", "pipeline")
SKIPPED_PARTS = {"build", "out", ".git", "__pycache__", ".venv"}


def root():
    """The tree to check: the first argument, else the checkout this file is in."""
    return Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()


def tracked(top):
    """Every file that git tracks or would track; every file where there is no git."""
    git = subprocess.run(["git", "-C", str(top), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         capture_output=True, check=False)
    if git.returncode == 0:
        names = [Path(name) for name in git.stdout.decode().split("\0") if name]
    else:
        names = [path.relative_to(top) for path in top.rglob("*")]
    return sorted(name for name in set(names)
                  if (top / name).is_file() and not SKIPPED_PARTS & set(name.parts))


def sources(top, *suffixes, folders=None):
    return [name for name in tracked(top)
            if name.suffix in (suffixes or (".c", ".h")) and (folders is None or name.parts[0] in folders)]


def read(top, name):
    return (top / name).read_text(encoding="utf-8", errors="replace")


def is_generated(text):
    """Tables written by a program say so on top; they are as long and as wide as they are."""
    return re.search(r"generated", text[:400], re.I) is not None


_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(text):
    """The same text with comments, and the insides of strings and characters, made blank; lines stay where they are."""
    def wipe(match):
        token = match[0]
        if token[0] in "\"'":
            return token[0] + " " * (len(token) - 2) + token[-1]
        return re.sub(r"[^\n]", " ", token)
    return _TOKEN.sub(wipe, text)


_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)


def without_directives(text):
    """Blanked text with preprocessor lines blanked too."""
    return _DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


@dataclass
class Function:
    name: str
    line: int
    lines: int
    parameters: int
    complexity: int


_SIGNATURE = re.compile(r"([A-Za-z_]\w*)\s*\(")
_BRANCH = re.compile(r"\b(?:if|for|while|case)\b|&&|\|\||\?")


def _parameters(signature):
    inside, depth, count = "", 0, 0
    for c in signature[signature.index("("):]:
        depth += (c == "(") - (c == ")")
        count += c == "," and depth == 1
        inside += c if depth else ""
        if depth == 0:
            break
    return 0 if inside.strip("( \n") in ("", "void") else count + 1


def functions(text):
    """Function definitions, found by the layout that .clang-format gives: braces of bodies stand in the first column."""
    lines = without_directives(blank(text)).split("\n")
    found, start, opened = [], 0, None
    for number, line in enumerate(lines):
        if line.startswith("{") and opened is None:
            opened = number
        elif line.startswith("}"):
            signature = "\n".join(lines[start:opened]).strip() if opened is not None else ""
            match = _SIGNATURE.search(signature)
            if match and "=" not in signature:
                first = next(i for i in range(start, number) if lines[i].strip())
                body = "\n".join(lines[opened:number])
                found.append(Function(match[1], first + 1, number - first + 1, _parameters(signature[match.start(1):]),
                                      1 + len(_BRANCH.findall(body))))
            opened, start = None, number + 1
        elif opened is None and line.rstrip().endswith((";", "}")):
            start = number + 1
    return found


def statements(text):
    """(line, statement) of everything at file scope, bodies of functions and aggregates replaced by {}."""
    code = without_directives(blank(text))
    found, current, depth, line, first = [], "", 0, 1, 1
    for c in code:
        line += c == "\n"
        if depth == 0 and not current.strip():
            first = line
        if c == "{":
            if depth == 0:
                current += "{}"
            depth += 1
        elif c == "}":
            depth -= 1
            head = current.split("{}")[0].strip()
            is_data = "=" in head or re.match(r"(?:typedef |static |const |_Alignas\(\w+\) )*(?:struct|union|enum)\b[^()]*$", head)
            if depth == 0 and not is_data:
                found.append((first, current.strip()))
                current = ""
        elif c == ";" and depth == 0:
            found.append((first, current.strip()))
            current = ""
        elif depth == 0:
            current += c
    return found


def exceptions(kind):
    with open(Path(__file__).with_name("exceptions.toml"), "rb") as listing:
        rows = tomllib.load(listing).get(kind, [])
    for row in rows:
        if not row.get("reason"):
            sys.exit(f"exceptions.toml: {kind} {row}: no reason given")
    return {(row["file"], row.get("name")): row for row in rows}


@dataclass
class Report:
    """Collects offences and ends the program with their number."""
    offences: list = field(default_factory=list)

    def add(self, name, line, text):
        self.offences.append(f"{name}:{line}: {text}")

    def finish(self):
        for offence in self.offences:
            print(offence)
        print(f"{len(self.offences)} offences")
        sys.exit(1 if self.offences else 0)
