#include "tools/render/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tools/render/printable.h"

namespace memwatch::render {
namespace {

// Text that is the same in quotes wherever JSON is put, in a page's script as well: most keys and
// names are, and a session of a compiler has a million of them.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
  });
}

// "<" could begin "</script>" or "<!--", "&" an entity in XHTML; U+2028 and U+2029 end a line in
// JavaScript before 2019. `escaped` is a quoted JSON text: they occur inside of its quotes only.
std::string safe_in_script(const std::string& escaped) {
  std::string safe;
  safe.reserve(escaped.size());
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    const char c = escaped[i];
    const std::string_view three = std::string_view(escaped).substr(i, 3);
    if (c == '<' || c == '>' || c == '&') {
      safe += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else if (three == "\xE2\x80\xA8" || three == "\xE2\x80\xA9") {
      safe += three.back() == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

void JsonWriter::begin(char bracket, Layout layout) {
  separate();
  output_.write(std::string_view(&bracket, 1));
  levels_.push_back(Level{layout});
  if (layout == Layout::lines) ++indentation_;
}

void JsonWriter::end(char bracket) {
  const Level level = levels_.back();
  levels_.pop_back();
  if (level.layout == Layout::lines) --indentation_;
  if (level.layout == Layout::lines && !level.empty) indent();
  output_.write(std::string_view(&bracket, 1));
}

void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) return;
  Level& level = levels_.back();
  const bool tight = level.layout == Layout::lines || dialect_ == Dialect::script;
  if (!level.empty) output_.write(tight ? "," : ", ");
  if (level.layout == Layout::lines) indent();
  level.empty = false;
}

void JsonWriter::indent() {
  output_.write("\n");
  for (std::size_t i = indentation_; i > 0; --i) output_.write("  ");
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  quoted(name);
  output_.write(dialect_ == Dialect::script ? ":" : ": ");
  after_key_ = true;
  return *this;
}

void JsonWriter::quoted(std::string_view text) {
  if (is_plain(text)) {
    output_.write("\"");
    output_.write(text);
    output_.write("\"");
    return;
  }
  const std::string clean = valid_utf8(text);
  std::string escaped = "\"";
  for (const char c : clean) {
    switch (c) {
      case '"':
        escaped += "\\\"";
        break;
      case '\\':
        escaped += "\\\\";
        break;
      case '\n':
        escaped += "\\n";
        break;
      case '\r':
        escaped += "\\r";
        break;
      case '\t':
        escaped += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          escaped += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          escaped += c;
        }
    }
  }
  escaped += '"';
  output_.write(dialect_ == Dialect::script ? safe_in_script(escaped) : escaped);
}

void JsonWriter::string(std::string_view text) {
  separate();
  quoted(text);
}

void JsonWriter::string_or_null(std::string_view text) {
  text.empty() ? null() : string(text);
}

void JsonWriter::number(std::uint64_t value) {
  separate();
  const fmt::format_int digits(value);
  output_.write({digits.data(), digits.size()});
}

void JsonWriter::signed_number(std::int64_t value) {
  separate();
  output_.write(fmt::format_int(value).c_str());
}

void JsonWriter::real(double value) {
  separate();
  // The shortest text that reads back as the same number. "1" rather than "1.0" for a whole one is
  // the same number to JSON.
  output_.write(std::isfinite(value) ? fmt::format("{}", value) : "0");
}

void JsonWriter::boolean(bool value) {
  separate();
  output_.write(value ? "true" : "false");
}

void JsonWriter::null() {
  separate();
  output_.write("null");
}

void JsonWriter::raw(std::string_view json) {
  separate();
  output_.write(json);
}

void JsonWriter::hex(std::uint64_t value) {
  separate();
  output_.write(fmt::format("\"0x{:x}\"", value));
}

}  // namespace memwatch::render
