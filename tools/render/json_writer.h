// Streaming JSON: values go out as they come, nothing is kept but the depth. (A document tree of a
// session with 300 000 stacks takes hundreds of megabytes, the stream none.)
// Dialect::script is for JSON inside of an HTML <script> element: no blanks, and no character in a
// text that could end the element or, in old engines, a line of it. Either reads back the same.
// Text becomes valid UTF-8; numbers that JSON does not know (NaN, infinities) become 0.
// The caller keeps to the grammar: a key before each value in an object, every begin with its end.
// Thread safety: none. Errors: the output's own.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tools/render/output.h"

namespace memwatch::render {

class JsonWriter {
 public:
  enum class Dialect : std::uint8_t { file, script };
  explicit JsonWriter(Output& output, Dialect dialect = Dialect::file)
      : output_(output), dialect_(dialect) {}

  // Layout::lines puts every member on a line of its own.
  enum class Layout : std::uint8_t { inline_, lines };
  void begin_object(Layout layout = Layout::inline_) { begin('{', layout); }
  void end_object() { end('}'); }
  void begin_array(Layout layout = Layout::inline_) { begin('[', layout); }
  void end_array() { end(']'); }

  JsonWriter& key(std::string_view name);
  void string(std::string_view text);
  void string_or_null(std::string_view text);  // null for ""
  void number(std::uint64_t value);
  void signed_number(std::int64_t value);
  void real(double value);
  void boolean(bool value);
  void null();
  void hex(std::uint64_t value);    // "0x7f…"
  void raw(std::string_view json);  // a value that is JSON already

  void member(std::string_view name, std::uint64_t value) { key(name).number(value); }
  void member(std::string_view name, std::string_view text) { key(name).string(text); }

 private:
  struct Level {
    Layout layout;
    bool empty = true;
  };
  void begin(char bracket, Layout layout);
  void end(char bracket);
  void separate();  // the comma and blank before a value or key
  void indent();
  void quoted(std::string_view text);

  Output& output_;
  Dialect dialect_;
  std::vector<Level> levels_;
  std::size_t indentation_ = 0;  // levels of Layout::lines
  bool after_key_ = false;
};

}  // namespace memwatch::render
