// Turns a stack id of a session into the frames a person reads: inlined functions unfolded, unknown
// code as module+0xoffset. Called by every renderer and by the stack filters.
//
// Views into the session: a Frame is valid as long as the session it came from is unchanged.
// Thread safety: read-only; any thread, as long as nobody changes the session.
// Errors: none. An id outside of its table counts as unknown code or as the end of the stack.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/model/session.h"

namespace memwatch::analysis {

struct Frame {
  std::string_view function;  // "" unknown
  std::string_view file;      // "" unknown
  std::uint32_t line = 0;     // 0 unknown
  bool inlined = false;       // its code was inlined into the frame that follows
  std::string_view module;    // path, "" unknown
  std::uint64_t offset = 0;   // of the module; an absolute address where there is no module
  model::CodeAddressId address = model::kNone;
  std::uint32_t level = 0;  // index among the frames of this address, 0 is the innermost
};

// Innermost frame (the caller of the allocation function) first.
std::vector<Frame> frames_of(const model::Session& session, model::StackId stack);

// The same one by one, until `visit` returns false: for whoever needs the inner ones alone.
void for_each_frame(const model::Session& session, model::StackId stack,
                    const std::function<bool(const Frame&)>& visit);

// The frames of one code address: the inlined functions, then the one that holds the code.
std::vector<Frame> frames_at(const model::Session& session, model::CodeAddressId address);

// Replaces `addresses` by the stack's code addresses, innermost first; false where the stack was
// cut off before its outermost frame. The quick way through many stacks, since it makes no names.
bool addresses_of_stack(const model::Session& session, model::StackId stack,
                        std::vector<model::CodeAddressId>& addresses);

// True where the recording could not follow the stack to its outermost frame. The loader's entry
// is such a frame: nothing called it.
bool is_truncated(const model::Session& session, model::StackId stack);

// The function, else "libfoo.so+0x1234", else "0x7f…".
std::string frame_name(const Frame& frame);

// The last component of a path: "libfoo.so" of "/usr/lib/libfoo.so". A view into its argument.
std::string_view base_name(std::string_view path);

// The code addresses that occur in these stacks, each once: what has to be symbolised to show them.
std::vector<model::CodeAddressId> addresses_of(const model::Session& session,
                                               std::span<const model::StackId> stacks);

}  // namespace memwatch::analysis
