// A file to which each alert is appended as a line of JSON. A line is there whole or not at all:
// what a full disk has cut off is taken back, and tried again. The file may be moved away
// (logrotate): it is opened for each line.
#pragma once

#include <string>
#include <utility>

#include "tools/notify/channel.h"

namespace memwatch::notify {

class JsonlChannel : public Channel {
 public:
  explicit JsonlChannel(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] std::string name() const override { return "jsonl"; }
  [[nodiscard]] std::string payload(const alerts::Notice& notice) const override;
  Delivery deliver(const std::string& payload, int stop) override;

 private:
  std::string path_;
};

}  // namespace memwatch::notify
