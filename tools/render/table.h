// Aligned columns. Left-aligned ones give way, the widest first, when a line would be too long:
// their cells are shortened in the middle, down to eight columns. Numbers, right-aligned, are never
// cut.
//
// Thread safety: none. Errors: none; rows with too few cells are filled up with empty ones.
#pragma once

#include <string>
#include <vector>

#include "tools/render/page.h"

namespace memwatch::render {

enum class Align : std::uint8_t { left, right };

struct Column {
  std::string title;
  Align align = Align::right;
};

struct Cell {
  std::string text;  // printable, without escapes
  Tone tone = Tone::plain;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  // A line of titles (none if all are empty), then the rows.
  void write(Page& page, std::size_t indent = 2) const;

 private:
  void shrink_left_columns(std::vector<std::size_t>& widths, std::size_t whole,
                           std::size_t room) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace memwatch::render
