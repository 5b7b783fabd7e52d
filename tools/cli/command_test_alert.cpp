#include "tools/cli/command_test_alert.h"

#include <memory>
#include <string>

#include "collector/alerts/alert.h"
#include "tools/cli/daemon_answer.h"
#include "tools/cli/message.h"

namespace memwatch::cli {

namespace {

int execute(const std::string& kind) {
  if (!alerts::type_named(kind)) {
    print_error("test-alert: " + kind +
                ": expected threshold, pattern, leak, spike, large, failure or pressure");
    return exit_status::kWrongUsage;
  }
  return print_daemon_answer({"test-alert", kind});
}

}  // namespace

Command register_test_alert(CLI::App& root) {
  CLI::App* const app = root.add_subcommand(
      "test-alert", "Send a test alert through every channel, and say what became of it");
  const auto kind = std::make_shared<std::string>("large");
  app->add_option("KIND", *kind,
                  "threshold, pattern, leak, spike, large, failure or pressure [large]");
  app->footer(
      "The alert is marked as a test, counts for no limit and is not kept. Exit status 1 if a\n"
      "channel has failed.\n"
      "Examples:\n"
      "  memwatch test-alert\n"
      "  memwatch test-alert failure");
  return Command{app, [kind] { return execute(*kind); }, "memwatch test-alert [KIND]"};
}

}  // namespace memwatch::cli
