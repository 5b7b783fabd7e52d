// What the writer remembers of what the file already says: one 64-bit hash per row, so that a
// checkpoint writes only what changed. Eight bytes per row instead of a copy; the chance that a
// changed row keeps its hash, and so stays old in the file until its next change, is 2^-64.
// Copied before each checkpoint and kept only if the checkpoint reached the file.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

#include "collector/capture/checksum.h"
#include "collector/capture/references.h"
#include "collector/capture/row_columns.h"

namespace memwatch::capture {

using RowHashes = std::vector<std::uint64_t>;

struct ProcessShadow {
  std::uint64_t record = 0, texts = 0;  // 0: not written
  RowHashes sites, failures, large, threads, timeline, leaks, epochs, site_epochs;
};

struct Shadow {
  std::uint64_t checkpoints = 0;  // committed so far
  std::uint64_t session = 0;
  RowHashes modules;
  std::size_t code_addresses = 1;  // rows written; these two tables never change a row
  std::size_t stacks = 1;
  RowHashes symbols;  // 0: nothing written for this address yet
  std::vector<ProcessShadow> processes;
};

template <typename Row>
std::uint64_t row_hash(const Row& row) {
  constexpr auto& kColumns = RowColumns<Row>::kColumns;
  std::array<std::uint64_t, std::size(RowColumns<Row>::kColumns) + 1> words{};
  for (std::size_t i = 0; i < std::size(kColumns); ++i) words[i] = kColumns[i].get(row);
  if constexpr (std::is_same_v<Row, model::ThreadTotals>) words.back() = checksum_of(row.name);
  return checksum_of({reinterpret_cast<const char*>(words.data()), sizeof(words)});
}

// The rows that differ from `hashes`, ascending; brings `hashes` up to date.
template <typename Row>
std::vector<std::uint32_t> changed_rows(const std::vector<Row>& table, const TableSizes& sizes,
                                        RowHashes& hashes) {
  std::vector<std::uint32_t> changed;
  const std::size_t known = hashes.size();
  hashes.resize(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    Row row = table[i];
    repair(row, sizes, i);
    const std::uint64_t hash = row_hash(row);
    if (i < known && hashes[i] == hash) continue;
    hashes[i] = hash;
    changed.push_back(static_cast<std::uint32_t>(i));
  }
  return changed;
}

}  // namespace memwatch::capture
