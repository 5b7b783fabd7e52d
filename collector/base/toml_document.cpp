#include "collector/base/toml_document.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "collector/base/unique_fd.h"

// The packaged library is built with exceptions; header-only is the way to have it without.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
// Of 3.3: it asserts what a file may contradict ("[[[a"), and with NDEBUG lets clang assume it.
// Without either it comes to its own error message.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(condition) static_assert(true)
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace memwatch::toml_document {
namespace {

constexpr std::size_t kLargest = std::size_t{4} << 20;  // a file for people has no megabytes

Value convert(const toml::node& node) {
  Value value;
  value.line = node.source().begin.line;
  if (const auto* text = node.as_string()) {
    value.kind = Kind::string;
    value.string = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = Kind::integer;
    value.integer = integer->get();
  } else if (const auto* real = node.as_floating_point()) {
    value.kind = Kind::real;
    value.real = real->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = Kind::boolean;
    value.boolean = boolean->get();
  } else if (const auto* array = node.as_array()) {
    value.kind = Kind::array;
    for (const toml::node& element : *array) value.array.push_back(convert(element));
  } else if (const auto* table = node.as_table()) {
    value.kind = Kind::table;
    for (const auto& [key, element] : *table) {
      Entry entry{std::string(key.str()), convert(element)};
      // The line of the key: a table that dotted keys opened has none of its own.
      if (key.source().begin.line > 0) entry.value.line = key.source().begin.line;
      value.table.push_back(std::move(entry));
    }
    std::stable_sort(value.table.begin(), value.table.end(),
                     [](const Entry& a, const Entry& b) { return a.value.line < b.value.line; });
  } else {
    value.kind = Kind::date;
  }
  return value;
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::string:
      return "a string";
    case Kind::integer:
      return "a whole number";
    case Kind::real:
      return "a number with a point";
    case Kind::boolean:
      return "true or false";
    case Kind::date:
      return "a date";
    case Kind::array:
      return "a list";
    case Kind::table:
      return "a table";
  }
  return "something else";
}

// toml++ says "Error while parsing key-value pair: …"; the reason is enough.
std::string reason(std::string_view description) {
  constexpr std::string_view kOpening = "Error while ";
  if (description.starts_with(kOpening)) description.remove_prefix(kOpening.size());
  return "not TOML: " + std::string(description);
}

}  // namespace

Error complaint(const Source& source, std::size_t line, std::string why, std::string remedy) {
  return Error{ErrorKind::damaged, source.attempted,
               line == 0 ? source.path : fmt::format("{}:{}", source.path, line), std::move(why),
               std::move(remedy)};
}

std::string expected(std::string_view what, const Value& found) {
  return fmt::format("expected {}, found {}", what, kind_name(found.kind));
}

Result<Value> parse(const Source& source, std::string_view text) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return complaint(source, error.source().begin.line, reason(error.description()));
  }
  return convert(parsed.table());
}

Result<Value> read(const Source& source) {
  UniqueFd fd(::open(source.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.is_open()) {
    const int error_number = errno;
    Error error = system_error(source.attempted, source.path, error_number);
    if (error_number == ENOENT) error.kind = ErrorKind::not_found;
    return error;
  }
  std::string text;
  while (true) {
    char buffer[65536];
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(source.attempted, source.path, errno);
    if (got == 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > kLargest) {
      return complaint(source, 0, "larger than 4 MiB, which no such file is");
    }
  }
  return parse(source, text);
}

}  // namespace memwatch::toml_document
