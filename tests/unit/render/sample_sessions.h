// Hand-made sessions for the tests of analysis, render and cli: small enough to know every number
// by heart, rich enough to fill every view.
#pragma once

#include <string>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::testing {

// Adds what a recording has, one call each; ids are what the session hands out.
class SessionBuilder {
 public:
  SessionBuilder();
  model::ModuleId module(const std::string& path, const std::string& build_id = "");
  // A code address with its source frames, innermost inlined function first; none: not symbolised.
  model::CodeAddressId address(model::ModuleId module, std::uint64_t offset,
                               std::vector<model::SourceFrame> frames = {});
  // Outermost address first.
  model::StackId stack(const std::vector<model::CodeAddressId>& addresses);
  model::StackId truncated_stack(const std::vector<model::CodeAddressId>& addresses);
  model::Process& process(std::uint32_t pid, const std::string& exe);
  model::Session& session() { return session_; }

 private:
  model::StackId extend(model::StackId parent, const std::vector<model::CodeAddressId>& addresses);
  model::Session session_;
};

// ./server --port 80: one process, exit 0, three sites, one failure, one large allocation, two
// threads, samples over ten seconds. Totals: 1,000 allocations of 40 MiB, 3 blocks of 1 MiB not
// freed, peak 24 MiB.
model::Session server_session();

// make: a shell with two children and an exec; the second child was killed.
model::Session tree_session();

// A session in which nothing happened.
model::Session empty_session();

}  // namespace memwatch::testing
