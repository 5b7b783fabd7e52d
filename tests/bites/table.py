"""Results as a table, for a terminal and for a document."""

import time

HEAD = ("taken out", "patch", "what fails", "how", "on")


def text_line(result):
    if result.skipped:
        said = f"skipped: {result.skipped}"
    else:
        said = result.complaint.splitlines()[0] if result.complaint else result.how
    return f"{result.bite.name:<32}{said}"


def row_start(bite):
    return f"| {bite.out} | `{bite.name}` |"


def markdown(results, bites, before):
    """Rows of what did not run, or could not, stay as the document has them."""
    lines = {}
    for bite in bites:
        kept = [line for line in before.splitlines() if f"| `{bite.name}` |" in line]
        lines[bite.name] = kept[0] if kept else f"{row_start(bite)} {bite.shows} | not tried yet | |"
    today = time.strftime("%-d %B", time.gmtime())
    for result in results:
        if result.skipped:
            continue
        how = result.complaint.split(":")[0].upper() if result.complaint else result.how
        lines[result.bite.name] = f"{row_start(result.bite)} {result.bite.shows} | {how} | {today} |"
    return "\n".join(["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD), *lines.values()])
