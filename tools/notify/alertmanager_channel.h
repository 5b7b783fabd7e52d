// Prometheus's Alertmanager, by its second API: POST /api/v2/alerts. What is active is said again
// every `resend`, each time with an end a few of these ahead, so that Alertmanager forgets it if
// the daemon dies; what is resolved is said with its end. Source: the openapi.yaml of Alertmanager.
//
//   payload   ID \n raised|resolved \n LABELS, ANNOTATIONS and startsAt, as members of a JSON
//   object
//             \n endsAt (of a resolved one)
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "collector/daemon/alert_config.h"
#include "tools/notify/channel.h"

namespace memwatch::notify {

class AlertmanagerChannel : public Channel {
 public:
  // `url_of_alerts`: where an alert's id leads to it, "http://127.0.0.1:7676/api/v1/alerts/"; ""
  // none.
  AlertmanagerChannel(daemon::AlertmanagerTarget target, std::string url_of_alerts)
      : target_(std::move(target)), url_of_alerts_(std::move(url_of_alerts)) {}

  [[nodiscard]] std::string name() const override { return "alertmanager"; }
  [[nodiscard]] std::string payload(const alerts::Notice& notice) const override;
  Delivery deliver(const std::string& payload, int stop) override;
  [[nodiscard]] std::optional<std::chrono::seconds> between_reminders() const override {
    return target_.resend;
  }
  Delivery remind(int stop) override;
  void resume(const alerts::Alert& alert) override;

 private:
  [[nodiscard]] std::string members(const alerts::Alert& alert) const;
  [[nodiscard]] std::string until_forgotten() const;

  daemon::AlertmanagerTarget target_;
  std::string url_of_alerts_;
  std::map<std::string, std::string> active_;  // by id; of the channel's thread
};

}  // namespace memwatch::notify
