// What systemd is told of a service of Type=notify: a datagram to the socket it names in the
// environment. Source: sd_notify(3). Does nothing where there is none. Not while the environment
// changes. Errors are nobody's business: the service manager sees for itself.
#pragma once

#include <string_view>

namespace memwatch::server {

void notify_ready(std::string_view status);
void notify_reloading();  // followed by notify_ready() when it is done
void notify_stopping();

}  // namespace memwatch::server
