#include "tools/cli/message.h"

#include <unistd.h>

#include <string>

#include "tools/render/printable.h"

namespace memwatch::cli {
namespace {

void print_line(std::string_view prefix, std::string_view text) {
  std::string line(prefix);
  line += render::printable(text);
  line += '\n';
  // Nothing can be done about an stderr that cannot be written to.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void print_error(std::string_view line) {
  print_line("memwatch: ", line);
}

void print_error(const Error& error) {
  print_error(error.to_line());
}

void print_note(std::string_view sentence) {
  print_line("memwatch: ", sentence);
}

void print_warning(std::string_view sentence) {
  print_line("memwatch: warning: ", sentence);
}

}  // namespace memwatch::cli
