// Interns modules, code addresses and stacks into the tables of a session, so that processes that
// run the same code share rows. Writes to the session it was given; ids are the session's.
// One owner, not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::model {

// Hash index over rows that live elsewhere: id → key is asked of the rows, so the index itself is
// four bytes a place.
class RowIndex {
 public:
  RowIndex() : places_(1024), mask_(1023) {}

  // The id for which `same(id)` holds among those with this hash, or 0.
  template <typename Same>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Same same) const {
    for (std::uint64_t at = hash & mask_; places_[at] != 0; at = (at + 1) & mask_) {
      if (same(places_[at])) return places_[at];
    }
    return 0;
  }

  // `hash_of(id)` rehashes existing rows when the index grows.
  template <typename HashOf>
  void insert(std::uint64_t hash, std::uint32_t id, HashOf hash_of) {
    if (++count_ * 2 > places_.size()) {
      std::vector<std::uint32_t> old(places_.size() * 2);
      old.swap(places_);
      mask_ = places_.size() - 1;
      for (const std::uint32_t other : old) {
        if (other != 0) place(hash_of(other), other);
      }
    }
    place(hash, id);
  }

 private:
  void place(std::uint64_t hash, std::uint32_t id) {
    std::uint64_t at = hash & mask_;
    while (places_[at] != 0) at = (at + 1) & mask_;
    places_[at] = id;
  }
  std::vector<std::uint32_t> places_;
  std::uint64_t mask_;
  std::uint64_t count_ = 0;
};

class StackTable {
 public:
  explicit StackTable(Session& session) : session_(session) {}

  ModuleId module(const std::string& path, const std::string& build_id);
  CodeAddressId address(const CodeAddress& address);
  // address kNone makes the mark of a cut-off stack.
  StackId stack(StackId parent, CodeAddressId address);

 private:
  Session& session_;
  std::unordered_map<std::string, ModuleId> modules_;
  RowIndex addresses_;
  RowIndex stacks_;
};

}  // namespace memwatch::model
