// A program of the user's, run for each alert with the alert as JSON on its standard input: words
// and not a shell's line, a time limit, no second try.
#pragma once

#include <utility>

#include "collector/daemon/alert_config.h"
#include "tools/notify/channel.h"

namespace memwatch::notify {

class CommandChannel : public Channel {
 public:
  explicit CommandChannel(daemon::AlertCommand command) : command_(std::move(command)) {}

  [[nodiscard]] std::string name() const override { return "command"; }
  [[nodiscard]] std::string payload(const alerts::Notice& notice) const override;
  Delivery deliver(const std::string& payload, int stop) override;

 private:
  daemon::AlertCommand command_;
};

}  // namespace memwatch::notify
