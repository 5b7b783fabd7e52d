// When is a stack of one session the same as a stack of another? By the names of its functions and
// modules, never by addresses, so that a program that was built again compares with itself.
//
// A stack is the list of its source-level functions, inlined or not, from the caller of the
// allocation to main or the thread's function; lines do not count, so several calls in one function
// are one stack. Of several frames of plumbing in a row (containers, the C library: noise_frames.h)
// in one module the outermost stands for all, being what the program called: what is inside of it
// changes with the library's version. A frame is
//   parse                 a function of the program itself
//   g_malloc@libglib.so   one of another module, by its file name without folder and version
//   ?@libfoo.so           one without a name ("? x3": three in a row): those of a stripped module
//   all
//                         look alike, unless
//   +0x1a2b@libfoo.so     both sessions recorded the very same build of it (build ids are equal,
//   see
//                         same_builds), where the offset says which one it is
// The program is the last image of the root process whatever its file is called, so that app-1.0
// and app-1.1 compare. Suffixes that compilers give to copies of a function do not count, nor do
// the C library's prefixes of its own aliases, which only its debug information knows. Thread
// safety: none, of() remembers. Keeps a reference to the session. Errors: none.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collector/analysis/stack_text.h"
#include "collector/model/session.h"

namespace memwatch::analysis {

// Names of modules as module_identity() gives them.
using ModuleNames = std::set<std::string, std::less<>>;

class StackIdentities {
 public:
  // same_builds: modules whose offsets may be compared. The gate leaves it empty.
  explicit StackIdentities(const model::Session& session, ModuleNames same_builds = {});

  // Equal for stacks that are the same; a hash of 64 bits, so two of a million different ones are
  // mistaken for each other in one of ten million comparisons of sessions.
  std::uint64_t of(model::StackId stack);

  // The same as text, innermost first: "parse <- load <- main". Long ones are cut in the middle and
  // end in their hash, so that they stay different.
  std::string text_of(model::StackId stack) const;

 private:
  // What a stack is compared by, of one frame.
  struct FrameFacts {
    std::uint64_t hash = 0;         // of its text; 0: not yet known
    std::uint64_t plumbing_of = 0;  // hash of the module whose plumbing it is; 0: it is none
  };
  [[nodiscard]] std::string frame_text(const Frame& frame) const;
  [[nodiscard]] FrameFacts facts_of(const Frame& frame) const;
  FrameFacts remembered_facts(const Frame& frame);

  const model::Session& session_;
  ModuleNames same_builds_;
  std::string program_;
  std::vector<std::vector<FrameFacts>> facts_;  // by address and level
};

// The file name of the root process's last image; "" for a session without processes.
std::string program_identity(const model::Session& session);

// "libfoo.so" of "/usr/lib/libfoo.so.1.2 (deleted)".
std::string module_identity(std::string_view path);

// "load" of "load.constprop.0" and of "load [clone .part.1]".
std::string_view function_identity(std::string_view function);

// Modules that both sessions have with one and the same build id.
ModuleNames same_builds(const model::Session& a, const model::Session& b);

}  // namespace memwatch::analysis
