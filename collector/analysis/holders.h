// Who holds what: the ways from roots to blocks that a leak check kept, chosen by what a user asks
// for. An address (0x…) means the block in which it lies; anything else is a pattern (RE2,
// unanchored) that some frame of the block's stack matches by its function, file or module.
// Thread safety: read-only. Errors: kind usage for a pattern that cannot be used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/analysis/selection.h"
#include "collector/base/result.h"
#include "collector/model/session.h"

namespace memwatch::analysis {

// The address, if the words are one.
std::optional<std::uint64_t> address_in(const std::string& question);

// Can it be asked?
Result<void> check_question(const std::string& question);

struct Holder {
  const model::Process* process = nullptr;
  const model::HolderPath* path = nullptr;
  std::uint64_t blocks = 0, bytes = 0;  // all that are still live of the last block's stack
};

// In the order of their processes, and in each those that hold most first.
Result<std::vector<Holder>> find_holders(const model::Session& session,
                                         const std::string& question);

}  // namespace memwatch::analysis
