// A page of text being written: lines with a common painter and width. The base of all text views.
// Thread safety: none. Errors: none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/render/paint.h"
#include "tools/render/render_options.h"

namespace memwatch::render {

class Page {
 public:
  explicit Page(const RenderOptions& options) : options_(options), paint_(options.color) {
    if (options_.width < kLeastWidth) options_.width = kLeastWidth;
  }

  [[nodiscard]] const RenderOptions& options() const { return options_; }
  [[nodiscard]] std::size_t width() const { return options_.width; }
  [[nodiscard]] std::string paint(Tone tone, std::string_view text) const {
    return paint_(tone, text);
  }

  // Trailing blanks are dropped. The text may hold escapes of paint(), nothing else of the kind.
  void line(std::string text);
  void lines(const std::vector<std::string>& texts);
  void blank();  // one empty line, never two in a row and none at the beginning
  // A sentence broken into lines at blanks.
  void sentence(Tone tone, std::string_view text, std::size_t indent = 0);

  [[nodiscard]] std::size_t line_count() const { return lines_.size(); }
  // With a newline after every line; no empty line at the end.
  [[nodiscard]] std::string take() &&;

 private:
  RenderOptions options_;
  Painter paint_;
  std::vector<std::string> lines_;
};

}  // namespace memwatch::render
