// How those fare who are told of alerts: lines for a person, and "channels" of the JSON. Thread
// safety: pure functions. Errors: the output's own.
#pragma once

#include <vector>

#include "collector/alerts/alert_status.h"
#include "tools/render/json_writer.h"
#include "tools/render/page.h"

namespace memwatch::render {

// One line for each, for `memwatch status`. Sound has one where it is off too: silence has a
// reason.
void write_channels(Page& page, const std::vector<alerts::ChannelState>& channels);

// Only what does not work, for `memwatch alerts`.
void write_channel_troubles(Page& page, const std::vector<alerts::ChannelState>& channels);

void write_channels_json(const std::vector<alerts::ChannelState>& channels, JsonWriter& json);

}  // namespace memwatch::render
