// The identity of a stack of calls, return address by return address: the same in every run of the
// same build, wherever its modules are loaded. Two calls in one function are two sites, unlike in
// stack_identity.h, whose stacks survive a new build and ask for names; this needs none and is
// cheap.
//
// A frame is its module's file name without folder, its build id, and the address in it; code of no
// module (made at run time) is only that. A stack that was cut off differs from a whole one.
// call_site() is a pure function; CallSites gives the same, for many stacks: of() remembers, so it
// is not thread-safe. Keeps a reference to the session, which may grow. Errors: none.
// Hashes of 64 bits: two of a million sites are mistaken for each other once in 37 million
// programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::analysis {

// 0 for no stack.
std::uint64_t call_site(const model::Session& session, model::StackId stack);

class CallSites {
 public:
  explicit CallSites(const model::Session& session) : session_(session) {}

  std::uint64_t of(model::StackId stack);

 private:
  const model::Session& session_;
  std::vector<std::uint64_t> known_;  // by stack; 0: not yet
  std::vector<model::StackId> path_;  // scratch
};

// "00c0ffee00c0ffee": as users see and type it.
std::string call_site_text(std::uint64_t site);

}  // namespace memwatch::analysis
