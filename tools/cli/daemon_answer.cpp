#include "tools/cli/daemon_answer.h"

#include <unistd.h>

#include "tools/cli/exit_status.h"
#include "tools/cli/message.h"
#include "tools/render/output.h"
#include "tools/server/control_protocol.h"

namespace memwatch::cli {

int print_daemon_answer(const std::vector<std::string>& words, const std::string& if_empty) {
  const Result<server::ControlAnswer> answer = server::ask_daemon(words);
  if (!answer) {
    print_error(answer.error());
    return exit_status::of(answer.error().kind);
  }
  if (answer->status > exit_status::kConditionFailed) {
    print_error(answer->text);
    return answer->status;
  }
  if (answer->text.empty() && !if_empty.empty()) print_error(if_empty);
  render::FdOutput output(STDOUT_FILENO, "standard output");
  output.write(answer->text);
  if (const Result<void> written = output.finish(); !written) {
    print_error(written.error());
    return exit_status::kBadInput;
  }
  return answer->status;
}

}  // namespace memwatch::cli
