#include "tools/server/live_stream.h"

#include <algorithm>
#include <utility>

namespace memwatch::server {

SharedMessage LiveReader::take() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return nullptr;
  SharedMessage message = std::move(waiting_.front());
  waiting_.pop_front();
  if (first_ > 0) {
    --first_;
  } else {
    bytes_ -= message->data.size();
  }
  return message;
}

bool LiveReader::is_behind() const {
  const std::lock_guard lock(mutex_);
  return is_behind_;
}

void LiveReader::add(const SharedMessage& message) {
  {
    const std::lock_guard lock(mutex_);
    if (is_behind_) return;
    if (waiting_.size() - first_ >= kMostMessages || bytes_ + message->data.size() > kMostBytes) {
      is_behind_ = true;
      waiting_ = {};
      first_ = bytes_ = 0;
    } else {
      waiting_.push_back(message);
      bytes_ += message->data.size();
    }
  }
  wake_();
}

void LiveReader::add_first(const std::vector<SharedMessage>& everything) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.assign(everything.begin(), everything.end());
    first_ = everything.size();
  }
  wake_();
}

void LiveStream::forget_those_gone_locked() {
  for (auto* list : {&readers_, &new_readers_}) {
    std::erase_if(*list, [](const auto& reader) { return reader.expired(); });
  }
  readers_count_.store(readers_.size() + new_readers_.size(), std::memory_order_relaxed);
}

bool LiveStream::is_full() {
  const std::lock_guard lock(mutex_);
  forget_those_gone_locked();
  return readers_count_.load(std::memory_order_relaxed) >= kMostReaders;
}

std::shared_ptr<LiveReader> LiveStream::subscribe(std::function<void()> wake) {
  auto reader = std::make_shared<LiveReader>(std::move(wake));
  const std::lock_guard lock(mutex_);
  new_readers_.push_back(reader);
  forget_those_gone_locked();
  return reader;
}

bool LiveStream::has_new_readers() {
  const std::lock_guard lock(mutex_);
  forget_those_gone_locked();
  return !new_readers_.empty();
}

void LiveStream::welcome(const std::vector<LiveNews>& everything) {
  std::vector<std::shared_ptr<LiveReader>> taken;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& waiting : new_readers_) {
      if (auto reader = waiting.lock()) taken.push_back(std::move(reader));
    }
    readers_.insert(readers_.end(), taken.begin(), taken.end());
    new_readers_.clear();
    forget_those_gone_locked();
  }
  if (taken.empty()) return;
  std::vector<SharedMessage> messages;
  for (const LiveNews& news : everything) messages.push_back(make(news));
  for (const auto& reader : taken) reader->add_first(messages);
}

SharedMessage LiveStream::make(const LiveNews& news) {
  LiveMessage message;
  message.id = ++last_id_;
  message.event = news.event;
  message.data = "{\"type\": \"" + news.event + "\", \"id\": " + std::to_string(message.id) + ", " +
                 news.object.substr(news.object.find('{') + 1);
  // Inside of texts they are escaped.
  std::replace(message.data.begin(), message.data.end(), '\n', ' ');
  return std::make_shared<const LiveMessage>(std::move(message));
}

void LiveStream::publish(const LiveNews& news) {
  std::vector<std::shared_ptr<LiveReader>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& known : readers_) {
      if (auto reader = known.lock()) all.push_back(std::move(reader));
    }
  }
  if (all.empty()) return;
  const SharedMessage message = make(news);
  for (const auto& reader : all) reader->add(message);
}

}  // namespace memwatch::server
