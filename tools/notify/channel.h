// One way to tell somebody of an alert. What is said is laid out on the daemon's thread (payload:
// characters, quick), and brought there on the channel's own (deliver: may take its time, and ends
// when `stop` becomes readable). What waits is a queue of payloads, on disk where the channel wants
// it, so that a payload has to stand for itself.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "collector/alerts/alert_status.h"
#include "collector/alerts/engine.h"

namespace memwatch::notify {

struct Delivery {
  enum class Result {
    done,
    retry,    // it may work later
    failed,   // it will not
    stopped,  // it was not waited for
  } result = Result::done;
  std::string text;  // what the other side said, or what is wrong; no secrets
};

class Channel {
 public:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  [[nodiscard]] virtual std::string name() const = 0;  // "webhook"

  // "": there is nothing to be told of this.
  [[nodiscard]] virtual std::string payload(const alerts::Notice& notice) const = 0;
  virtual Delivery deliver(const std::string& payload, int stop) = 0;

  // What else there is to say of it, before anything was told.
  virtual void describe(alerts::ChannelState&) const {}

  // Does what waits survive a restart?
  [[nodiscard]] virtual bool keeps_queue() const { return false; }

  // Of a channel that has to say again what goes on: how often, and the saying. Not called while
  // something waits.
  [[nodiscard]] virtual std::optional<std::chrono::seconds> between_reminders() const {
    return std::nullopt;
  }
  virtual Delivery remind(int) { return {}; }
  // An alert that was active before this start.
  virtual void resume(const alerts::Alert&) {}
};

}  // namespace memwatch::notify
