#include "tools/notify/webhook_channel.h"

#include "tools/notify/alert_message.h"
#include "tools/notify/http_post.h"

namespace memwatch::notify {

std::string WebhookChannel::payload(const alerts::Notice& notice) const {
  return alert_json_line(notice);
}

Delivery WebhookChannel::deliver(const std::string& payload, int stop) {
  return post_json(target_, "", payload, stop);
}

}  // namespace memwatch::notify
