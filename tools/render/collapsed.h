// Collapsed stacks, one per line: "main;load;parse 4096". What flame graph tools read.
// The outermost function comes first, inlined functions are frames of their own, unknown code is
// module+0xoffset. Characters that the format gives a meaning to are replaced: ';' by ':', line
// ends by blanks. Stacks whose cost is 0 are left out. Thread safety: as the selection's. Errors:
// the output's own.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "collector/analysis/cost.h"
#include "collector/analysis/selection.h"
#include "tools/render/output.h"

namespace memwatch::render {

// top 0 means all; the costliest stacks first.
void write_collapsed(const analysis::Selection& selection, analysis::Cost cost, std::size_t top,
                     Output& output);

// The stack part of such a line; "[unknown]" where no stack was recorded.
std::string collapsed_stack(const model::Session& session, model::StackId stack);

// The same for many stacks: what an address contributes is put together once.
class CollapsedStacks {
 public:
  // Inside a quoted field of CSV, quotes are doubled.
  enum class Quotes { as_they_are, doubled };
  CollapsedStacks(const model::Session& session, Quotes quotes);
  // True where a character of it needs a CSV field to be quoted.
  bool append(model::StackId stack, std::string& line);

 private:
  struct Part {
    std::string text;
    bool needs_quotes = false;
  };
  const Part& part_of(model::CodeAddressId address);

  const model::Session& session_;
  Quotes quotes_;
  std::vector<Part> parts_;  // by code address
  std::vector<model::CodeAddressId> addresses_;
};

}  // namespace memwatch::render
