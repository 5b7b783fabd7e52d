// Where a baseline was measured: what can move memory figures without a change of the program, and
// so belongs beside them. Recorded and told when it differs; never a reason to fail or to pass.
// Thread safety: reads the system. Errors: none; what the system does not tell is "".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::gate {

struct Environment {
  std::string allocator;   // "libc", "jemalloc" …
  std::uint64_t cpus = 0;  // that this process may use
  std::string kernel;      // "6.1.0-18-amd64"
  std::string libc;        // "glibc 2.36"
  std::string machine;     // "x86_64"
  std::string memwatch;    // its version
};

// Of this machine. allocator: that of the measured program.
Environment current_environment(const std::string& allocator);

// Which library served the program's allocations, by the modules on its stacks; "libc" where none
// of the known others is there.
std::string allocator_of(const model::Session& session);

// "kernel 6.1.0 then, 6.8.0 now", one for each that differs.
std::vector<std::string> differences(const Environment& then, const Environment& now);

}  // namespace memwatch::gate
