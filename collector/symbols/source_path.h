// Paths of source files as debug information gives them, made whole and comparable.
// Thread-safe; never fails.
#pragma once

#include <string>
#include <string_view>

namespace memwatch::symbols {

// `path`, below `directory` if it is relative, with "." and ".." and doubled slashes resolved by
// their text alone: the folders need not exist here. "" for "" and for the compiler's own
// pseudo-files such as "<built-in>".
std::string source_path(std::string_view directory, std::string_view path);

}  // namespace memwatch::symbols
