#include "tools/notify/alertmanager_channel.h"

#include <fmt/format.h>

#include "tools/notify/alert_message.h"
#include "tools/notify/http_post.h"
#include "tools/render/alert_words.h"
#include "tools/render/json_report.h"
#include "tools/render/json_writer.h"
#include "tools/render/output.h"

namespace memwatch::notify {

namespace {

constexpr const char* kPath = "/api/v2/alerts";

std::string time_text(std::int64_t milliseconds) {
  return render::rfc3339(static_cast<double>(milliseconds) / 1000);
}

std::string now_text(std::chrono::seconds ahead) {
  const auto then = std::chrono::system_clock::now() + ahead;
  return time_text(
      std::chrono::duration_cast<std::chrono::milliseconds>(then.time_since_epoch()).count());
}

// "MemwatchThreshold"
std::string alert_name(alerts::Type type) {
  std::string name(alerts::type_name(type));
  name.front() = static_cast<char>(name.front() - 'a' + 'A');
  return "Memwatch" + name;
}

std::string with_end(const std::string& members, const std::string& end) {
  return "{" + members + ",\"endsAt\":\"" + end + "\"}";
}

}  // namespace

// Without the braces, which come with endsAt.
std::string AlertmanagerChannel::members(const alerts::Alert& alert) const {
  render::StringOutput output;
  render::JsonWriter json(output, render::JsonWriter::Dialect::script);
  json.begin_object();
  json.key("labels").begin_object();
  std::map<std::string, std::string> labels = target_.labels;
  labels["alertname"] = alert_name(alert.type);
  labels["type"] = alerts::type_name(alert.type);
  labels["severity"] = alerts::severity_name(alert.severity);
  labels["subject"] = alert.subject;
  labels["instance"] = host_name();
  labels["process"] = alert.process.name;
  labels["pid"] = std::to_string(alert.process.pid);
  if (alert.is_test) labels["test"] = "true";
  // An empty label is the same as none, and refused by some versions.
  for (const auto& [name, value] : labels) {
    if (!value.empty()) json.member(name, std::string_view(value));
  }
  json.end_object();
  json.key("annotations").begin_object();
  json.member("summary", alert.message);
  std::string advice;
  for (const std::string& line : alert.recommendations) advice += line + ".\n";
  if (!advice.empty()) json.member("description", std::string_view(advice));
  const std::string site = render::alert_site(alert.site);
  if (!site.empty()) json.member("site", std::string_view(site));
  json.member("memwatch_id", std::string_view(std::to_string(alert.id)));
  json.end_object();
  json.member("startsAt", std::string_view(time_text(alert.time_ms)));
  if (!url_of_alerts_.empty()) {
    json.member("generatorURL", std::string_view(url_of_alerts_ + std::to_string(alert.id)));
  }
  json.end_object();
  const std::string& object = output.text();
  return object.substr(1, object.rfind('}') - 1);
}

std::string AlertmanagerChannel::payload(const alerts::Notice& notice) const {
  const alerts::Alert& alert = notice.alert;
  const bool is_over = notice.kind == alerts::Notice::Kind::resolved;
  return fmt::format("{}\n{}\n{}\n{}", alert.id, is_over ? "resolved" : "raised", members(alert),
                     is_over ? time_text(alert.resolved_ms) : std::string());
}

std::string AlertmanagerChannel::until_forgotten() const {
  constexpr int kMissed = 3;
  constexpr std::chrono::seconds kLeast{30};
  return now_text(std::max(target_.resend * kMissed, kLeast));
}

Delivery AlertmanagerChannel::deliver(const std::string& payload, int stop) {
  std::string part[4];
  std::size_t from = 0;
  for (std::string& text : part) {
    const std::size_t end = std::min(payload.find('\n', from), payload.size());
    text = payload.substr(from, end - from);
    from = std::min(end + 1, payload.size());
  }
  const auto& [id, kind, members, end] = part;
  std::string body = "[";
  // One that has become worse has other labels, which are another alert to Alertmanager.
  if (const auto before = active_.find(id); before != active_.end() && before->second != members) {
    body += with_end(before->second, now_text(std::chrono::seconds(0))) + ",";
  }
  const bool is_over = kind == "resolved";
  body += with_end(members, is_over ? end : until_forgotten()) + "]";
  const Delivery delivery = post_json(target_.http, kPath, body, stop);
  const bool is_test = id == "0";
  if (is_over || is_test) {
    if (delivery.result != Delivery::Result::retry) active_.erase(id);
  } else if (delivery.result == Delivery::Result::done) {
    active_[id] = members;
  }
  return delivery;
}

Delivery AlertmanagerChannel::remind(int stop) {
  if (active_.empty()) return {};
  const std::string until = until_forgotten();
  std::string body;
  for (const auto& [id, members] : active_) {
    body += (body.empty() ? "[" : ",") + with_end(members, until);
  }
  return post_json(target_.http, kPath, body + "]", stop);
}

void AlertmanagerChannel::resume(const alerts::Alert& alert) {
  active_[std::to_string(alert.id)] = members(alert);
}

}  // namespace memwatch::notify
