#include "tools/cli/commands.h"

#include "tools/cli/command_alerts.h"
#include "tools/cli/command_attach.h"
#include "tools/cli/command_daemon.h"
#include "tools/cli/command_diff.h"
#include "tools/cli/command_doctor.h"
#include "tools/cli/command_gate.h"
#include "tools/cli/command_history.h"
#include "tools/cli/command_leaks.h"
#include "tools/cli/command_list.h"
#include "tools/cli/command_oom_sweep.h"
#include "tools/cli/command_report.h"
#include "tools/cli/command_run.h"
#include "tools/cli/command_serve.h"
#include "tools/cli/command_status.h"
#include "tools/cli/command_test_alert.h"
#include "tools/cli/command_top.h"
#include "tools/cli/command_trim.h"
#include "tools/cli/command_version.h"
#include "tools/cli/command_watch.h"

namespace memwatch::cli {

std::vector<Command> register_commands(CLI::App& root) {
  return {
      // Recording.
      register_run(root),
      register_attach(root),
      register_list(root),
      register_trim(root),
      register_leaks(root),
      // Watching.
      register_daemon(root),
      register_status(root),
      register_top(root),
      register_watch(root),
      register_history(root),
      register_alerts(root),
      register_test_alert(root),
      // Reading what was recorded.
      register_report(root),
      register_serve(root),
      register_diff(root),
      register_gate(root),
      register_oom_sweep(root),
      // About memwatch itself.
      register_doctor(root),
      register_version(root),
  };
}

}  // namespace memwatch::cli
