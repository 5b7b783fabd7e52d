"""Puts the tables into a Markdown document, between two comments that say where they go; the rest of the
document stays as it is. A file without the comments, or a new one, holds the tables alone.
"""

from pathlib import Path


def parts_of(path, begin, end):
    """What is before, between and after the comments."""
    if path.exists():
        text = path.read_text()
        if begin in text and end in text:
            before, rest = text.split(begin, 1)
            return before, *rest.split(end, 1)
    return "", "", ""


def comments(writer):
    return (f"<!-- written by {writer} --markdown: {at} -->" for at in ("begin", "end"))


def read_section(path, writer):
    return parts_of(Path(path), *comments(writer))[1]


def write_section(path, section, writer="scripts/bench"):
    begin, end = comments(writer)
    path = Path(path)
    before, _, after = parts_of(path, begin, end)
    path.write_text(f"{before}{begin}\n\n{section.strip()}\n\n{end}{after or chr(10)}")


def section(command, machine, tables):
    lines = [f"Made with `{command}` on:", "", *(f"- {line}" for line in machine)]
    return "\n".join(lines) + "\n\n" + "\n\n".join(table.markdown() for table in tables)
