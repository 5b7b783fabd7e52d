"""Puts the tables into a Markdown document, between two comments that say where they go; the rest of the
document stays as it is. A file without the comments, or a new one, holds the tables alone.
"""

from pathlib import Path

BEGIN = "<!-- written by scripts/bench --markdown: begin -->"
END = "<!-- written by scripts/bench --markdown: end -->"


def write_section(path, section):
    path = Path(path)
    before = after = ""
    if path.exists():
        text = path.read_text()
        if BEGIN in text and END in text:
            before, after = text.split(BEGIN, 1)[0], text.split(END, 1)[1]
    path.write_text(f"{before}{BEGIN}\n\n{section.strip()}\n\n{END}{after or chr(10)}")


def section(command, machine, tables):
    lines = [f"Made with `{command}` on:", "", *(f"- {line}" for line in machine)]
    return "\n".join(lines) + "\n\n" + "\n\n".join(table.markdown() for table in tables)
