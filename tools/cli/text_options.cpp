#include "tools/cli/text_options.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "tools/cli/color.h"
#include "tools/cli/options.h"

namespace memwatch::cli {
namespace {
constexpr std::size_t kPipedWidth = 100;
constexpr std::size_t kWidest = 1000;
}  // namespace

void add_text_options(CLI::App& app, TextOptions& options) {
  add_choice(app, "--color", options.color, kColorWhen, "When to use colour")
      ->group("Other")
      ->type_name("WHEN");
}

std::size_t text_width(int fd) {
  if (const char* const columns = std::getenv("COLUMNS")) {
    std::size_t width = 0;
    const auto [end, error] = std::from_chars(columns, columns + std::strlen(columns), width);
    if (error == std::errc{} && *end == '\0' && width > 0 && width <= kWidest) return width;
  }
  winsize size{};
  if (::isatty(fd) == 1 && ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  return kPipedWidth;
}

render::RenderOptions render_options(const TextOptions& options, int fd) {
  render::RenderOptions render;
  render.color = use_color(options.color, fd);
  render.width = text_width(fd);
  return render;
}

}  // namespace memwatch::cli
