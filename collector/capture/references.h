// The rules for ids inside rows: every id names an entry that exists, a stack's parent has a
// smaller id than the stack (so no chain can be a circle). The writer repairs rows that break them
// (the id becomes "none"), since one odd row must not cost the file; the reader calls them damage.
#pragma once

#include <cstddef>

#include "collector/model/session.h"

namespace memwatch::capture {

struct TableSizes {
  std::size_t modules = 1, code_addresses = 1, stacks = 1;
};

template <typename Id>
bool repair_id(Id& id, std::size_t limit) {
  if (id < limit) return true;
  id = model::kNone;
  return false;
}

// Each returns true if the row was in order as it came.
inline bool repair(model::CodeAddress& row, const TableSizes& sizes, std::size_t) {
  return repair_id(row.module, sizes.modules);
}
inline bool repair(model::StackNode& row, const TableSizes& sizes, std::size_t own_id) {
  const bool parent_fits = repair_id(row.parent, own_id);
  return repair_id(row.address, sizes.code_addresses) && parent_fits;
}
inline bool repair(model::Site& row, const TableSizes& sizes, std::size_t) {
  return repair_id(row.stack, sizes.stacks);
}
inline bool repair(model::Failure& row, const TableSizes& sizes, std::size_t) {
  return repair_id(row.stack, sizes.stacks);
}
inline bool repair(model::LargeAllocation& row, const TableSizes& sizes, std::size_t) {
  return repair_id(row.stack, sizes.stacks);
}
inline bool repair(model::LeakRow& row, const TableSizes& sizes, std::size_t) {
  const bool stack_fits = repair_id(row.stack, sizes.stacks);
  return repair_id(row.owner, sizes.stacks) && stack_fits;
}
inline bool repair(model::SiteEpoch& row, const TableSizes& sizes, std::size_t) {
  return repair_id(row.stack, sizes.stacks);
}
inline bool repair(model::HeapEpoch&, const TableSizes&, std::size_t) {
  return true;
}
inline bool repair(model::ThreadTotals&, const TableSizes&, std::size_t) {
  return true;
}
inline bool repair(model::TimelineSample&, const TableSizes&, std::size_t) {
  return true;
}

}  // namespace memwatch::capture
