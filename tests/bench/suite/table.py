"""A table, and how it looks in a terminal of 100 columns and in a Markdown document."""

WIDTH = 100
FIRST_WIDTH = 27


class Table:
    def __init__(self, title, header, notes=(), streamed=False):
        self.title = title
        self.header = header
        self.rows = []
        self.notes = list(notes)
        self.streamed = streamed  # rows are printed as they come, so their widths are not known

    def widths(self):
        if self.streamed:
            others = len(self.header) - 1
            return [FIRST_WIDTH] + [min(14, (WIDTH - FIRST_WIDTH) // max(1, others))] * others
        columns = zip(self.header, *self.rows)
        first, *others = [max(map(len, column)) for column in columns]
        return [max(first, FIRST_WIDTH)] + [max(width + 2, 8) for width in others]

    def text_line(self, cells):
        first, *others = self.widths()
        line = f"{cells[0]:<{first}}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells[1:], others))
        return line.rstrip()

    def text(self):
        lines = [self.title, self.text_line(self.header), *map(self.text_line, self.rows)]
        return "\n".join(lines + [f"  {note}" for note in self.notes])

    def markdown(self):
        align = ["---"] + ["---:"] * (len(self.header) - 1)
        lines = [f"### {self.title}", ""]
        lines += ["| " + " | ".join(cells) + " |" for cells in [self.header, align, *self.rows]]
        if self.notes:
            lines += [""] + [f"- {note}" for note in self.notes]
        return "\n".join(lines)


def number(value):
    """Three figures that mean something."""
    if value is None:
        return "-"
    size = abs(value)
    if size >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 9.995 else f"{value:.2f}"


def number_with_spread(spread):
    if spread is None:
        return "-"
    median = number(spread.median)
    return median if spread.half_width is None else f"{median}±{number_like(spread.half_width, spread.median)}"


def number_like(width, median):
    """A spread with as many decimals as its median."""
    size = abs(median)
    return f"{width:,.0f}" if size >= 99.95 else f"{width:.1f}" if size >= 9.995 else f"{width:.2f}"


def size(bytes_):
    if bytes_ is None:
        return "-"
    if bytes_ < 1 << 20:
        return f"{bytes_ / 1024:.0f} KiB"
    return f"{bytes_ / (1 << 20):.1f} MiB"
