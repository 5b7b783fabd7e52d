#include "tools/cli/gate_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "tools/cli/message.h"
#include "tools/cli/output_file.h"
#include "tools/render/gate.h"

namespace memwatch::cli {
namespace {

render::RenderOptions layout_of(const GateOutputOptions& options, int fd) {
  render::RenderOptions layout = render_options(options.text, fd);
  layout.top = options.top;
  layout.frames = options.frames;
  return layout;
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void write(const gate::GateReport& report, const GateOutputOptions& options, int text_fd,
           render::Output& output) {
  if (options.format == "json") {
    render::write_gate_json(report, output);
  } else if (options.format == "junit") {
    render::write_gate_junit(report, output);
  } else if (options.format == "markdown") {
    render::write_gate_markdown(report, output);
  } else if (options.format == "github") {
    render::write_gate_github(report, environment("GITHUB_WORKSPACE"), output);
  } else {
    render::write_gate_text(report, layout_of(options, text_fd), output);
  }
}

// Appended: other steps of the job write there too. A summary that cannot be written changes no
// verdict.
void write_step_summary(const gate::GateReport& report) {
  const std::string path = environment("GITHUB_STEP_SUMMARY");
  if (path.empty()) return;
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  Result<void> written;
  if (fd.is_open()) {
    render::FdOutput output(fd.get(), path);
    render::write_gate_markdown(report, output);
    written = output.finish();
  } else {
    written = system_error("write the step summary", path, errno);
  }
  if (!written) print_warning(written.error().to_line());
}

}  // namespace

Result<void> write_gate_report(const gate::GateReport& report, const GateOutputOptions& options,
                               std::span<const std::string> inputs) {
  const bool to_stdout = is_standard_output(options.output);
  const Result<UniqueFd> fd = open_result("write the verdict", options.output, inputs);
  if (!fd) return fd.error();
  render::FdOutput output(fd->get(), to_stdout ? "standard output" : options.output);
  write(report, options, to_stdout ? STDOUT_FILENO : -1, output);
  Result<void> written = output.finish();
  if (options.format == "github") write_step_summary(report);
  // Whoever reads the log of a job wants to know why, whatever the job asked for.
  const bool text_seen = to_stdout && options.format != "github";
  if (!text_seen && !options.quiet) {
    render::FdOutput log(STDERR_FILENO, "standard error");
    render::write_gate_text(report, layout_of(options, STDERR_FILENO), log);
    static_cast<void>(log.finish());  // nobody is left to tell
  }
  return written;
}

}  // namespace memwatch::cli
