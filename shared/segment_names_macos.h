// Where segments are on macOS, whose POSIX shared memory cannot be listed and takes names of at
// most 31 characters: the object is named after the last part of the segment's name, and a file of
// that name, empty, lies in a directory of the user's so that it can be found.
//
//   memwatch.501.4711.1790000000000000.0123456789abcdef     the segment's name (rendezvous.h)
//   /private/tmp/memwatch-501/memwatch.501.4711.17…0.0123456789abcdef   the file, mode 0600
//   /memwatch.0123456789abcdef                              the object, mode 0600
#pragma once

#include <cstddef>

namespace memwatch::protocol {

inline constexpr char kSegmentListPrefix[] = "/private/tmp/memwatch-";  // and the user's number
inline constexpr char kObjectPrefix[] = "/memwatch.";
inline constexpr std::size_t kRandomDigits = 16;
inline constexpr std::size_t kMaxObjectName = 31;  // PSHMNAMLEN
static_assert(sizeof kObjectPrefix - 1 + kRandomDigits <= kMaxObjectName);

}  // namespace memwatch::protocol
