#include "tools/notify/dispatcher.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "tools/notify/alertmanager_channel.h"
#include "tools/notify/command_channel.h"
#include "tools/notify/jsonl_channel.h"
#include "tools/notify/sound_channel.h"
#include "tools/notify/webhook_channel.h"

namespace memwatch::notify {

Dispatcher::Dispatcher(std::string directory, std::string url_of_alerts,
                       std::function<void(const std::string&)> on_trouble)
    : directory_(std::move(directory)),
      url_of_alerts_(std::move(url_of_alerts)),
      on_trouble_(std::move(on_trouble)) {
  settings_.console = false;
}

void Dispatcher::replace(const std::string& name, std::unique_ptr<Channel> channel) {
  std::erase_if(workers_, [&](const auto& worker) { return worker->name() == name; });
  if (channel == nullptr) return;
  mkdir(directory_.c_str(), 0700);
  workers_.push_back(
      std::make_unique<ChannelWorker>(std::move(channel), directory_ + "/" + name, on_trouble_));
}

void Dispatcher::configure(const daemon::AlertChannels& channels,
                           const std::vector<alerts::Alert>& active) {
  const daemon::AlertChannels before = std::exchange(settings_, channels);
  if (before.jsonl != channels.jsonl) {
    replace("jsonl",
            channels.jsonl.empty() ? nullptr : std::make_unique<JsonlChannel>(channels.jsonl));
  }
  if (before.webhook != channels.webhook) {
    replace("webhook",
            channels.webhook ? std::make_unique<WebhookChannel>(*channels.webhook) : nullptr);
  }
  if (before.command != channels.command) {
    replace("command",
            channels.command ? std::make_unique<CommandChannel>(*channels.command) : nullptr);
  }
  if (before.sound != channels.sound) {
    replace("sound", channels.sound ? std::make_unique<SoundChannel>(*channels.sound) : nullptr);
  }
  if (before.alertmanager != channels.alertmanager) {
    replace("alertmanager", channels.alertmanager ? std::make_unique<AlertmanagerChannel>(
                                                        *channels.alertmanager, url_of_alerts_)
                                                  : nullptr);
    for (const alerts::Alert& alert : active) resume(alert);
  }
}

void Dispatcher::notify(const alerts::Notice& notice) {
  for (const auto& worker : workers_) worker->notify(notice);
}

void Dispatcher::resume(const alerts::Alert& alert) {
  for (const auto& worker : workers_) worker->resume(alert);
}

void Dispatcher::test(const alerts::Alert& alert,
                      const std::function<void(const std::string&, const Delivery&)>& done) {
  for (const auto& worker : workers_) {
    worker->test(alert,
                 [done, name = worker->name()](const Delivery& delivery) { done(name, delivery); });
  }
}

std::vector<std::string> Dispatcher::names() const {
  std::vector<std::string> names;
  for (const auto& worker : workers_) names.push_back(worker->name());
  return names;
}

std::vector<alerts::ChannelState> Dispatcher::states() const {
  std::vector<alerts::ChannelState> states;
  for (const auto& worker : workers_) states.push_back(worker->state());
  return states;
}

}  // namespace memwatch::notify
