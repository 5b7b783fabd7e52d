// Builds a session from the payloads of chunks, in file order. Payloads are hostile bytes: every
// id, count and enumerator is checked, memory is budgeted. Callers: the session reader; not
// thread-safe. After apply() failed the session is half-changed and must be thrown away.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collector/capture/memory_budget.h"
#include "collector/capture/references.h"
#include "collector/model/session.h"

namespace memwatch::capture {

class SessionDecoder {
 public:
  explicit SessionDecoder(std::uint64_t file_bytes) : budget_(file_bytes) {}

  // One chunk. nullptr, or why the bytes make no sense. Unknown types change nothing.
  const char* apply(std::uint16_t type, std::string_view payload);

  [[nodiscard]] model::Session take() { return std::move(session_); }

 private:
  void apply_or_throw(std::uint16_t type, std::string_view payload);

  model::Session session_;
  MemoryBudget budget_;
};

// Why the writer could not write on, of a chunk cut_short; "" where it makes no sense.
std::string decode_cut_short(std::string_view payload);

// The parts of apply; each throws Damage or a protozero exception.
TableSizes sizes_of(const model::Session& session);
void decode_session_facts(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_modules(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_code_addresses(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_stacks(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_symbols(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_processes(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_process_texts(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_sites(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_failures(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_large(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_threads(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_timeline(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_leaks(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_epochs(std::string_view payload, MemoryBudget& budget, model::Session& session);
void decode_site_epochs(std::string_view payload, MemoryBudget& budget, model::Session& session);

}  // namespace memwatch::capture
