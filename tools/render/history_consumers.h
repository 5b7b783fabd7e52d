// Who used the heap, out of the history: for a person how much each site has grown between the two
// rounds of each process, all rounds as JSON ("memwatch.history-consumers/1") and as CSV.
// Thread safety: pure functions. Errors: the output's own.
#pragma once

#include <cstdint>
#include <string>

#include "collector/history/consumer.h"
#include "tools/render/output.h"
#include "tools/render/render_options.h"

namespace memwatch::render {

// Of two rounds of each process (ConsumerQuestion::ends_alone); at most `most` sites of each. ""
// where there is none.
std::string consumer_history_text(const history::ConsumerHistory& history, std::uint64_t most,
                                  const RenderOptions& options);
void write_consumer_history_json(const history::ConsumerHistory& history, Output& output);
void write_consumer_history_csv(const history::ConsumerHistory& history, Output& output);

}  // namespace memwatch::render
