// Long names made to fit a line and still be recognised. Input must be printable() text.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace memwatch::render {

// "begin…end" in at most `width` columns.
std::string shorten_middle(std::string_view text, std::size_t width);

// "begin…" in at most `width` columns.
std::string shorten_end(std::string_view text, std::size_t width);

// A function name in at most `width` columns. In this order, each step only if still too long:
// spell well-known types briefly (std::string), fold parameter lists "(…)", fold template arguments
// "<…>", cut the middle.
std::string shorten_function(std::string_view name, std::size_t width);

// The part of a source path that says most: its last component, with the folder before it where the
// file's name is one that every folder has (mod.rs, __init__.py, index.js …).
std::string short_path(std::string_view path);

// An argument vector as one would type it, arguments with special characters quoted.
std::string command_line(const std::vector<std::string>& command);

// The same for a title of one line: line ends and tabs are blanks.
std::string command_title(const std::vector<std::string>& command);

}  // namespace memwatch::render
