// TOML text as a plain tree whose every value knows its line, so that whoever reads a file can say
// where it is wrong and what was expected there. Budgets and baselines of the gate are such files.
//
// The parser is toml++, which is included in toml_document.cpp alone. Input is hostile: nesting and
// size are bounded. Thread safety: pure functions. Errors: kind damaged, with FILE:LINE as subject.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/base/result.h"

namespace memwatch::toml_document {

enum class Kind : std::uint8_t { string, integer, real, boolean, date, array, table };

struct Entry;

struct Value {
  Kind kind = Kind::table;
  std::size_t line = 0;  // counted from 1
  std::string string;
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<Value> array;
  std::vector<Entry> table;  // in order of their lines
};

struct Entry {
  std::string key;
  Value value;
};

// What a file is for and where it is: the beginning of every complaint about it.
struct Source {
  std::string attempted;  // "read the budget"
  std::string path;
};

// The whole file. Kind not_found: there is none.
Result<Value> read(const Source& source);
Result<Value> parse(const Source& source, std::string_view text);

// "read the budget: gate.toml:12: why (remedy)".
Error complaint(const Source& source, std::size_t line, std::string why, std::string remedy = {});

// "expected a whole number, found a string".
std::string expected(std::string_view what, const Value& found);

}  // namespace memwatch::toml_document
