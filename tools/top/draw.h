// The picture of a screen: lines of text for a terminal of a given size, as many as it is high.
// What does not fit is left out in the order of its weight: columns of the table from the right of
// those that matter least, then the line of keys, then the heading; a row is always there.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tools/top/screen.h"
#include "tools/top/styled_line.h"
#include "tools/top/terminal.h"

namespace memwatch::top {

std::vector<std::string> draw(const Screen& screen, Size size, bool color);

// The list of processes as text of any length, nothing chosen, each line with its end.
std::string draw_once(const Screen& screen, std::size_t width, bool color);

// How many rows of the list that is shown, or lines of the text, are in sight at once; at least 1.
std::size_t rows_in_sight(const Screen& screen, Size size);

// Parts of it, each in a file of its own.
using Lines = std::vector<StyledLine>;
Lines draw_processes(const Screen& screen, Size size);
Lines draw_sites(const SitesView& view, Size size);
Lines draw_leaks(const LeaksView& view, Size size);
Lines draw_help();
std::size_t rows_of_sites(const SitesView& view, Size size);
std::size_t lines_of_leaks(Size size);
// The table alone: titles and `rows` rows, the chosen one among them. `has_choice` false: all rows.
Lines draw_table(const ProcessTable& table, std::size_t width, std::size_t rows, bool has_choice);

// The first of `all` rows to show, so that the chosen one is in sight.
std::size_t first_row(std::size_t all, std::size_t room, std::size_t chosen);

}  // namespace memwatch::top
