// A row block: some rows of one table as a protobuf message, column by column. Encoding and
// decoding are here side by side because they must mirror each other.
//
//   1  process    varint; index of the process the table belongs to, absent for shared tables
//   2  runs       packed varints, pairs: rows skipped since the run before, rows in this run
//   10…41         one packed column per member (row_columns.h); a column of zeros is left out,
//                 except the first, whose length bounds the number of rows
//   11 of threads repeated string, one per row
//
// A run may start at most one past the table's end: rows are replaced or appended, never skipped.
// Decoding throws Damage or a protozero exception; callers are the decode_* files only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "collector/capture/chunk_writer.h"
#include "collector/capture/damage.h"
#include "collector/capture/memory_budget.h"
#include "collector/capture/references.h"
#include "collector/capture/row_columns.h"
#include "collector/capture/session_format.h"

namespace memwatch::capture {

inline constexpr std::uint32_t kRowProcessField = 1;
inline constexpr std::uint32_t kRowRunsField = 2;
inline constexpr std::uint32_t kFirstColumnField = 10;
inline constexpr std::uint32_t kThreadNamesField = 11;
inline constexpr std::size_t kMaxColumns = 32;

// Varints one after the other. next() throws where they end early or are malformed.
class WordReader {
 public:
  explicit WordReader(std::string_view bytes)
      : position_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  [[nodiscard]] bool done() const { return position_ == end_; }
  std::uint64_t next() { return protozero::decode_varint(&position_, end_); }

 private:
  const char* position_;
  const char* end_;
};

inline std::string_view bytes_of(protozero::pbf_reader& reader) {
  const auto view = reader.get_view();
  return {view.data(), view.size()};
}

// Writes the rows `indices` (ascending) of `table` as blocks of at most kRowsPerBlock.
template <typename Row>
void encode_rows(std::uint32_t process, const std::vector<Row>& table,
                 std::span<const std::uint32_t> indices, const TableSizes& sizes,
                 TableChunks& out) {
  std::string message, column_bytes;
  std::vector<Row> rows;
  while (!indices.empty()) {
    const auto slice = indices.first(std::min(indices.size(), kRowsPerBlock));
    indices = indices.subspan(slice.size());
    rows.clear();
    for (const std::uint32_t index : slice) {
      rows.push_back(table[index]);
      repair(rows.back(), sizes, index);
    }

    message.clear();
    protozero::pbf_writer writer(message);
    writer.add_uint32(kRowProcessField, process);
    column_bytes.clear();
    std::uint32_t run_end = 0;
    for (std::size_t i = 0; i < slice.size();) {
      std::size_t length = 1;
      while (i + length < slice.size() && slice[i + length] == slice[i] + length) ++length;
      protozero::add_varint_to_buffer(&column_bytes, slice[i] - run_end);
      protozero::add_varint_to_buffer(&column_bytes, length);
      run_end = static_cast<std::uint32_t>(slice[i] + length);
      i += length;
    }
    writer.add_bytes(kRowRunsField, column_bytes);

    for (const auto& column : RowColumns<Row>::kColumns) {
      column_bytes.clear();
      std::uint64_t before = 0, any = 0;
      for (const Row& row : rows) {
        const std::uint64_t word = column.get(row);
        const bool delta = column.coding == Coding::delta;
        protozero::add_varint_to_buffer(&column_bytes, delta ? zigzag(word - before) : word);
        before = word;
        any |= word;
      }
      if (any != 0 || column.field == kFirstColumnField) {
        writer.add_bytes(column.field, column_bytes);
      }
    }
    if constexpr (std::is_same_v<Row, model::ThreadTotals>) {
      for (const Row& row : rows) {
        writer.add_string(kThreadNamesField, row.name.data(),
                          std::min(row.name.size(), kMaxThreadNameBytes));
      }
    }
    out.add(message);
  }
}

// The parts of a block, unchecked; views into the message.
struct RowBlock {
  std::uint32_t process = 0;
  std::string_view runs;
  std::array<std::string_view, kMaxColumns> columns;
  std::vector<std::string_view> names;  // entries of field 11 in their order
};

inline RowBlock parse_row_block(std::string_view message) {
  RowBlock block;
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    const std::uint32_t field = reader.tag();
    if (field == kRowProcessField && reader.has_wire_type(protozero::pbf_wire_type::varint)) {
      block.process = reader.get_uint32();
    } else if (reader.has_wire_type(protozero::pbf_wire_type::length_delimited)) {
      const std::string_view bytes = bytes_of(reader);
      if (field == kRowRunsField) block.runs = bytes;
      if (field >= kFirstColumnField && field < kFirstColumnField + kMaxColumns) {
        block.columns[field - kFirstColumnField] = bytes;
      }
      if (field == kThreadNamesField && block.names.size() < kRowsPerBlock) {
        block.names.push_back(bytes);
      }
    } else {
      reader.skip();
    }
  }
  return block;
}

// The row numbers of a block, in its order; a row may be one past what precedes it and no more.
inline std::vector<std::uint32_t> expand_runs(const RowBlock& block, std::size_t table_size,
                                              std::size_t first_row) {
  const std::size_t most = std::min(block.columns[0].size(), kRowsPerBlock);
  std::vector<std::uint32_t> indices;
  WordReader runs(block.runs);
  std::uint64_t next = 0;
  while (!runs.done()) {
    const std::uint64_t gap = runs.next();
    const std::uint64_t length = runs.next();
    if (gap > table_size || next + gap > table_size || next + gap < first_row) {
      throw Damage{"a row number is out of range"};
    }
    if (length > most - indices.size()) throw Damage{"a table has more rows than its columns"};
    next += gap;
    for (std::uint64_t i = 0; i < length; ++i) {
      indices.push_back(static_cast<std::uint32_t>(next++));
    }
    table_size = std::max<std::size_t>(table_size, next);
  }
  return indices;
}

// Puts a block's rows into `table`. Rows before `first_row` (the "none" entry) cannot be written.
// `sizes` are those of the tables that rows refer to; a stack may refer to any stack before it.
template <typename Row>
void decode_rows(const RowBlock& block, std::size_t first_row, const TableSizes& sizes,
                 MemoryBudget& budget, std::vector<Row>& table) {
  const std::vector<std::uint32_t> indices = expand_runs(block, table.size(), first_row);
  for (const std::uint32_t index : indices) {
    if (index == table.size()) {
      budget.charge(sizeof(Row));
      table.emplace_back();
    } else {
      table[index] = Row{};
    }
  }
  for (const auto& column : RowColumns<Row>::kColumns) {
    const std::string_view bytes = block.columns[column.field - kFirstColumnField];
    if (bytes.empty()) continue;  // all zero, as the rows are now
    WordReader words(bytes);
    std::uint64_t before = 0;
    for (const std::uint32_t index : indices) {
      std::uint64_t word = words.next();
      if (column.coding == Coding::delta) word = before += unzigzag(word);
      if (!column.set(table[index], word)) throw Damage{"a value is out of range"};
    }
    if (!words.done()) throw Damage{"a table has fewer rows than its columns"};
  }
  if constexpr (std::is_same_v<Row, model::ThreadTotals>) {
    if (!block.names.empty() && block.names.size() != indices.size()) {
      throw Damage{"threads and their names differ in number"};
    }
    for (std::size_t i = 0; i < block.names.size(); ++i) {
      budget.charge(block.names[i].size());
      table[indices[i]].name = block.names[i];
    }
  }
  for (const std::uint32_t index : indices) {
    if (!repair(table[index], sizes, index)) throw Damage{"a row refers to what does not exist"};
    if constexpr (requires { table[index].function; }) {
      // A function that only a newer memwatch knows is shown as unknown.
      if (static_cast<std::size_t>(table[index].function) >= kFunctionCount) {
        table[index].function = Function::none;
      }
    }
    if constexpr (std::is_same_v<Row, model::LeakRow>) {
      if (table[index].kind > model::LeakKind::reachable) {
        table[index].kind = model::LeakKind::unclassified;
      }
    }
  }
}

}  // namespace memwatch::capture
