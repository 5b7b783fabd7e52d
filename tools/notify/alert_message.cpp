#include "tools/notify/alert_message.h"

#include <unistd.h>

#include "tools/render/alerts.h"
#include "tools/render/json_writer.h"
#include "tools/render/output.h"

namespace memwatch::notify {

std::string_view event_name(alerts::Notice::Kind kind) {
  switch (kind) {
    case alerts::Notice::Kind::raised:
      return "raised";
    case alerts::Notice::Kind::escalated:
      return "escalated";
    case alerts::Notice::Kind::resolved:
      return "resolved";
  }
  return "raised";
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string alert_json_line(const alerts::Notice& notice) {
  render::StringOutput output;
  render::JsonWriter json(output);
  json.begin_object();
  json.member("event", event_name(notice.kind));
  json.member("host", host_name());
  json.key("alert");
  render::write_alert_json(notice.alert, json);
  json.end_object();
  return output.text();
}

}  // namespace memwatch::notify
