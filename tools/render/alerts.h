// Alerts for a person and as JSON ("memwatch.alerts/1"; docs/watching.md lists the fields). Thread
// safety: pure functions. Errors: the output's own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/alerts/alert_status.h"
#include "tools/render/json_writer.h"
#include "tools/render/output.h"
#include "tools/render/page.h"
#include "tools/render/render_options.h"

namespace memwatch::render {

// One alert, as in "alerts" of the list.
void write_alert_json(const alerts::Alert& alert, JsonWriter& json);

void write_alerts_json(const std::vector<alerts::Alert>& alerts, const alerts::AlertStatus& status,
                       Output& output);

// Without an alert: that there is none.
std::string alerts_text(const std::vector<alerts::Alert>& alerts, const alerts::AlertStatus& status,
                        std::int64_t now_ms, const RenderOptions& options);

// Two or three lines for `memwatch status`; nothing where all is well.
void write_alert_summary(Page& page, const alerts::AlertStatus& status, std::int64_t now_ms);
void write_alert_status_json(const alerts::AlertStatus& status, JsonWriter& json);

}  // namespace memwatch::render
