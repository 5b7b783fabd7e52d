#include "tools/notify/command_channel.h"

#include <fmt/format.h>

#include "tools/notify/alert_message.h"
#include "tools/notify/child_process.h"
#include "tools/render/printable.h"

namespace memwatch::notify {

std::string CommandChannel::payload(const alerts::Notice& notice) const {
  return alert_json_line(notice) + "\n";
}

Delivery CommandChannel::deliver(const std::string& payload, int stop) {
  ChildRequest request;
  request.argv = command_.argv;
  request.input = payload;
  request.timeout = command_.timeout;
  request.stop = stop;
  request.max_output = 300;
  request.with_errors = true;
  const ChildOutcome outcome = run_child(request);
  if (outcome.is_success()) return {Delivery::Result::done, "exit status 0"};
  if (outcome.end == ChildOutcome::End::stopped) return {Delivery::Result::stopped, {}};
  std::string said = outcome.output.substr(0, outcome.output.find('\n'));
  if (!said.empty()) said = ", and said: " + render::printable(said);
  return {Delivery::Result::failed,
          fmt::format("{}: {}{}", command_.argv.front(), outcome.describe(request.timeout), said)};
}

}  // namespace memwatch::notify
