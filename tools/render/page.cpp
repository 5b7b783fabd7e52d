#include "tools/render/page.h"

#include "tools/render/printable.h"

namespace memwatch::render {

void Page::line(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  lines_.push_back(std::move(text));
}

void Page::lines(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) line(text);
}

void Page::blank() {
  if (!lines_.empty() && !lines_.back().empty()) lines_.emplace_back();
}

void Page::sentence(Tone tone, std::string_view text, std::size_t indent) {
  const std::string margin(indent, ' ');
  const std::size_t room = options_.width > indent + 20 ? options_.width - indent : 20;
  std::string current;
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    if (!current.empty() && display_width(current) + 1 + display_width(word) > room) {
      line(margin + paint(tone, current));
      current.clear();
    }
    if (!current.empty()) current += ' ';
    current += word;
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
  }
  if (!current.empty()) line(margin + paint(tone, current));
}

std::string Page::take() && {
  while (!lines_.empty() && lines_.back().empty()) lines_.pop_back();
  std::string text;
  for (const std::string& each : lines_) {
    text += each;
    text += '\n';
  }
  return text;
}

}  // namespace memwatch::render
