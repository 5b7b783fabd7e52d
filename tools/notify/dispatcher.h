// Everybody who is told of alerts, as memwatch.toml says, but for the console. A channel has a
// thread of its own, so that none waits for another. One owner; callbacks come from the channels'
// threads.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collector/alerts/alert_status.h"
#include "collector/daemon/alert_config.h"
#include "tools/notify/channel_worker.h"

namespace memwatch::notify {

class Dispatcher {
 public:
  // Queues are kept in directories of `directory`. `url_of_alerts`: see alertmanager_channel.h.
  Dispatcher(std::string directory, std::string url_of_alerts,
             std::function<void(const std::string&)> on_trouble);

  // Channels whose settings stay go on as they are; the others are begun anew with what waits.
  void configure(const daemon::AlertChannels& channels, const std::vector<alerts::Alert>& active);

  void notify(const alerts::Notice& notice);
  void resume(const alerts::Alert& alert);

  // Calls `done` once for each channel, with its name.
  void test(const alerts::Alert& alert,
            const std::function<void(const std::string&, const Delivery&)>& done);

  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::vector<alerts::ChannelState> states() const;

 private:
  void replace(const std::string& name, std::unique_ptr<Channel> channel);

  std::string directory_, url_of_alerts_;
  std::function<void(const std::string&)> on_trouble_;
  daemon::AlertChannels settings_;
  std::vector<std::unique_ptr<ChannelWorker>> workers_;
};

}  // namespace memwatch::notify
