// The verdicts by the definition and nothing else: sets that grow until nothing changes. The oracle
// of the fast scan; for small heaps.
#pragma once

#include "collector/reachability/verdict.h"

namespace memwatch::reachability {

// `roots`: words outside of all blocks. Blocks sorted by address, inside of them read from memory.
Verdicts slow_verdicts(const std::vector<Block>& blocks, const std::vector<std::uint64_t>& roots,
                       Memory& memory);

}  // namespace memwatch::reachability
