// Alerts posted as JSON to a URL (http, https), in their order, tried again until the other side
// takes them; the queue survives a restart. 2xx is taken; 408, 425, 429, 5xx and no answer are
// tried again; any other status is a refusal, and the alert is given up.
#pragma once

#include <utility>

#include "collector/daemon/alert_config.h"
#include "tools/notify/channel.h"

namespace memwatch::notify {

class WebhookChannel : public Channel {
 public:
  explicit WebhookChannel(daemon::HttpTarget target) : target_(std::move(target)) {}

  [[nodiscard]] std::string name() const override { return "webhook"; }
  [[nodiscard]] std::string payload(const alerts::Notice& notice) const override;
  Delivery deliver(const std::string& payload, int stop) override;
  [[nodiscard]] bool keeps_queue() const override { return true; }

 private:
  daemon::HttpTarget target_;
};

}  // namespace memwatch::notify
