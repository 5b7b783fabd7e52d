#include "tools/cli/recording_end.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "collector/analysis/selection.h"
#include "collector/base/unique_fd.h"
#include "tools/cli/message.h"
#include "tools/cli/program_suppressions.h"
#include "tools/cli/session_file.h"
#include "tools/render/json_report.h"
#include "tools/render/output.h"
#include "tools/render/run_summary.h"

namespace memwatch::cli {

namespace {

void print_summary(const model::Session& session, const std::string& path,
                   const RecordOptions& options) {
  const std::string text =
      render::render_run_summary(session, path, render_options(options.text, STDERR_FILENO));
  render::FdOutput output(STDERR_FILENO, "standard error");
  output.write(text);
  static_cast<void>(output.finish());  // nobody is left to tell
}

// The user asked for verdicts and is owed the reason where there are none.
void tell_what_was_not_judged(const model::Session& session) {
  for (const model::Process& process : session.processes) {
    const model::LeakCheck& check = process.leak_check;
    if (process.exit_kind == model::ExitKind::exec || check.complete) continue;
    const bool judged = check.method == model::LeakMethod::reachability;
    print_warning("leak check: process " + std::to_string(process.pid) + " " + process.exe + ": " +
                  (judged ? "not with everything seen: " : "by lifetime only: ") + check.reason);
  }
}

}  // namespace

Result<void> write_json(const model::Session& session, const std::string& path) {
  UniqueFd fd(path == "-" ? dup(STDOUT_FILENO)
                          : open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd.is_open()) return system_error("write the JSON report", path, errno);
  const Result<analysis::Selection> all = analysis::Selection::create(session, {});
  if (!all) return all.error();
  render::FdOutput output(fd.get(), path);
  render::write_json_report(*all, {}, output);
  return output.finish();
}

bool end_recording(recording::Recorder& recorder, const RecordOptions& options,
                   const std::vector<analysis::Suppression>& suppressions,
                   const std::string& session_path) {
  model::Session& session = recorder.session();
  symbolize_stacks(session, all_stacks(session));
  name_holders(session);
  apply_all_suppressions(session, suppressions);
  if (options.leak_check == "full") tell_what_was_not_judged(session);
  bool complete = true;
  const Result<void> finished = recorder.finish_file();
  if (!finished) {
    print_error(finished.error());
    complete = false;
  }
  if (!options.json.empty()) {
    const Result<void> written = write_json(session, options.json);
    if (!written) {
      print_error(written.error());
      complete = false;
    }
  }
  if (!options.quiet) print_summary(session, finished ? session_path : std::string{}, options);
  return complete;
}

}  // namespace memwatch::cli
