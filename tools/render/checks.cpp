#include "tools/render/checks.h"

#include <algorithm>

#include "tools/render/page.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kWidestWhat = 24;

const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return "ok   ";
    case Verdict::limit:
      return "note ";
    case Verdict::bad:
      return "FAIL ";
  }
  return "";
}

Tone tone_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return Tone::good;
    case Verdict::limit:
      return Tone::caution;
    case Verdict::bad:
      return Tone::bad;
  }
  return Tone::plain;
}

// The sentence in lines of the room that is left of the page.
std::vector<std::string> wrapped(const std::string& sentence, std::size_t room) {
  RenderOptions narrow;
  narrow.width = room;
  Page page(narrow);
  page.sentence(Tone::plain, printable(sentence));
  std::vector<std::string> lines;
  std::string text = std::move(page).take();
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.erase(0, end + 1);
  }
  return lines;
}

}  // namespace

std::string render_checks(const std::string& heading, const std::vector<Check>& checks,
                          const RenderOptions& options) {
  Page page(options);
  page.line(page.paint(Tone::strong, shorten_end(printable(heading), page.width())));
  std::size_t widest = 0;
  for (const Check& check : checks) widest = std::max(widest, display_width(check.what));
  widest = std::min(widest, kWidestWhat);
  const std::size_t indent = 2 + 6 + widest + 2;
  for (const Check& check : checks) {
    const std::string what = shorten_end(printable(check.what), widest);
    std::string start = "  " + page.paint(tone_of(check.verdict), word_of(check.verdict)) + " " +
                        what + std::string(widest - display_width(what) + 2, ' ');
    const std::size_t room = page.width() > indent ? page.width() - indent : 0;
    for (const std::string& line : wrapped(check.finding, room)) {
      page.line(start + line);
      start = std::string(indent, ' ');
    }
    if (check.remedy.empty()) continue;
    for (const std::string& line : wrapped("→ " + check.remedy, room)) {
      page.line(std::string(indent, ' ') + page.paint(Tone::strong, line));
    }
  }
  return std::move(page).take();
}

bool will_work(const std::vector<Check>& checks) {
  return std::none_of(checks.begin(), checks.end(),
                      [](const Check& check) { return check.verdict == Verdict::bad; });
}

}  // namespace memwatch::render
