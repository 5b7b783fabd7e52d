#include "tools/render/table.h"

#include <algorithm>
#include <optional>

#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kGap = 2;  // blanks between columns
constexpr std::size_t kLeastShrunk = 12;

std::string aligned(const Page& page, const Cell& cell, Align align, std::size_t width) {
  const std::size_t used = display_width(cell.text);
  const std::string padding(width > used ? width - used : 0, ' ');
  const std::string painted = page.paint(cell.tone, cell.text);
  return align == Align::left ? painted + padding : padding + painted;
}

}  // namespace

void Table::add(std::vector<Cell> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

void Table::write(Page& page, std::size_t indent) const {
  std::vector<std::size_t> widths;
  std::optional<std::size_t> shrinking;
  bool titled = false;
  std::size_t whole = indent;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = display_width(columns_[i].title);
    for (const std::vector<Cell>& row : rows_) width = std::max(width, display_width(row[i].text));
    widths.push_back(width);
    whole += width + (i == 0 ? 0 : kGap);
    if (columns_[i].align == Align::left) shrinking = i;
    titled = titled || !columns_[i].title.empty();
  }
  if (shrinking && whole > page.width()) {
    std::size_t& width = widths[*shrinking];
    const std::size_t excess = whole - page.width();
    width = std::max(width > excess ? width - excess : 0, std::min(width, kLeastShrunk));
  }
  const auto write_row = [&](const std::vector<Cell>& row) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line += std::string(kGap, ' ');
      Cell cell = row[i];
      if (shrinking == i) cell.text = shorten_middle(cell.text, widths[i]);
      line += aligned(page, cell, columns_[i].align, widths[i]);
    }
    page.line(std::move(line));
  };
  if (titled) {
    std::vector<Cell> titles;
    for (const Column& column : columns_) titles.push_back(Cell{column.title, Tone::faint});
    write_row(titles);
  }
  for (const std::vector<Cell>& row : rows_) write_row(row);
}

}  // namespace memwatch::render
