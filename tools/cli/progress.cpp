#include "tools/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "tools/cli/text_options.h"
#include "tools/render/human.h"
#include "tools/render/printable.h"

namespace memwatch::cli {
namespace {

constexpr auto kQuietTime = std::chrono::seconds(1);
constexpr auto kInterval = std::chrono::milliseconds(100);

void write_all(int fd, const std::string& text) {
  // A terminal that does not take the line loses nothing that matters.
  [[maybe_unused]] const ssize_t written = ::write(fd, text.data(), text.size());
}

bool is_capable_terminal(int fd) {
  const char* const term = std::getenv("TERM");
  return ::isatty(fd) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace

std::string progress_text(const std::string& label, std::size_t done, std::size_t total,
                          double elapsed_seconds) {
  if (total == 0) return fmt::format("{}: {}", label, render::exact_count(done));
  std::string text =
      fmt::format("{}: {} of {}", label, render::exact_count(done), render::exact_count(total));
  if (done > 0 && done < total && elapsed_seconds > 0) {
    const double left =
        elapsed_seconds / static_cast<double>(done) * static_cast<double>(total - done);
    text += fmt::format(", about {} left", render::human_duration(left < 1 ? 1 : left));
  }
  return text;
}

ProgressLine::ProgressLine(std::string label, int fd)
    : label_(std::move(label)), fd_(fd), enabled_(is_capable_terminal(fd)), start_(Clock::now()) {}

void ProgressLine::update(std::size_t done, std::size_t total) {
  if (!enabled_) return;
  const Clock::time_point now = Clock::now();
  if (now - start_ < kQuietTime || now - last_ < kInterval) return;
  last_ = now;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const std::string text = progress_text(label_, done, total, elapsed);
  const std::size_t width = text_width(fd_);
  write_all(fd_, "\r\x1b[K" + std::string(render::head_of_width(text, width - 1)));
  visible_ = true;
}

void ProgressLine::clear() {
  if (!visible_) return;
  write_all(fd_, "\r\x1b[K");
  visible_ = false;
}

}  // namespace memwatch::cli
