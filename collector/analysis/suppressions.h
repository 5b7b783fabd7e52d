// Leaks that are known and not to be told of again. Two syntaxes, also mixed in one file:
//
//   leak:PATTERN             LeakSanitizer: PATTERN (see glob.h) is found in the function, the file
//                            or the module of any frame. Definite, indirect and possible leaks, and
//                            blocks judged by lifetime
//   { name                   Valgrind: the innermost frames are these, each as fun:GLOB, obj:GLOB
//   or
//     Memcheck:Leak          src:FILE[:LINE]; ... stands for any number. A first line that names an
//     match-leak-kinds: …    allocation function stands for that function itself. Kinds: all unless
//     fun:malloc             named. Entries for other kinds of errors are passed over
//     fun:GLOB }
//
// Function names are compared demangled, and as they are in C; a name that begins with _Z is
// demangled by the caller's function first where it has no wildcard.
// What a suppressed definite leak holds is suppressed with it. Pure but for what it says it
// changes; not thread-safe. A mistake is an error that names file, line and what was expected.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/analysis/stack_text.h"
#include "collector/base/result.h"
#include "collector/model/session.h"

namespace memwatch::analysis {

struct Suppression {
  struct FramePattern {
    enum class What : std::uint8_t { function, object, source, any_frames };
    What what = What::function;
    std::string pattern;
    std::uint32_t line = 0;  // of a source; 0: any
  };
  std::string name;                  // "leak:foo", or that of Valgrind's entry
  std::string anywhere;              // LeakSanitizer's pattern; "" for Valgrind's
  std::vector<FramePattern> frames;  // Valgrind's
  std::uint32_t kinds = 0;           // a bit per model::LeakKind
};

using Demangle = std::function<std::string(const std::string&)>;

// `file` is named in errors.
Result<std::vector<Suppression>> parse_suppressions(std::string_view text, const std::string& file,
                                                    const Demangle& demangle);

bool matches(const Suppression& suppression, const std::vector<Frame>& frames);

// Marks the session's rows, those of the C library and the loader by a built-in rule first, and
// notes which suppressions did something. Of processes judged by lifetime only the given ones are
// used. Stacks must have their symbols. `of_program`: those that a process's program brings itself.
using SuppressionsOfProgram =
    std::function<const std::vector<Suppression>&(const model::Process& process)>;
void apply_suppressions(model::Session& session, const std::vector<Suppression>& suppressions,
                        const SuppressionsOfProgram& of_program = {});

// Marks more rows of a session whose rows are marked already.
void add_suppressions(model::Session& session, const std::vector<Suppression>& suppressions);

inline constexpr std::string_view kBuiltInSuppression = "built-in: the C library and the loader";

}  // namespace memwatch::analysis
