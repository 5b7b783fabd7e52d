// Processes: one record each with everything of fixed size, and their tables of rows.
#include <algorithm>
#include <protozero/pbf_writer.hpp>

#include "collector/capture/encode_strings.h"
#include "collector/capture/fields.h"
#include "collector/capture/process_words.h"
#include "collector/capture/row_block.h"
#include "collector/capture/session_encode.h"

namespace memwatch::capture {
namespace {

// One packed list of words, given by any callable from index to word.
template <typename WordAt>
void add_words(protozero::pbf_writer& writer, std::uint32_t field, std::size_t count,
               WordAt word_at) {
  std::string packed;
  std::uint64_t any = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t word = word_at(i);
    any |= word;
    protozero::add_varint_to_buffer(&packed, word);
  }
  if (any != 0) writer.add_bytes(field, packed);
}

std::string encode_record(std::size_t index, const model::Process& process) {
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_uint64(process_field::kIndex, index);
  writer.add_uint32(process_field::kPid, process.pid);
  writer.add_uint32(process_field::kPpid, process.ppid);
  writer.add_fixed64(process_field::kStart, to_word(process.start));
  writer.add_fixed64(process_field::kDuration, to_word(process.duration));
  writer.add_uint64(process_field::kExitKind, to_word(process.exit_kind));
  writer.add_uint64(process_field::kExitCode, to_word(process.exit_code));
  writer.add_uint64(process_field::kExitSignal, to_word(process.exit_signal));
  writer.add_bool(process_field::kOutOfMemoryKill, process.out_of_memory_kill);
  writer.add_uint64(process_field::kMode, to_word(process.mode));
  writer.add_uint64(process_field::kSampleInterval, process.sample_interval);

  add_words(writer, process_field::kTotals, kTotalsWords.size(),
            [&](std::size_t i) { return process.totals.*kTotalsWords[i]; });
  add_words(writer, process_field::kHeap, kHeapWords.size(),
            [&](std::size_t i) { return process.heap.*kHeapWords[i]; });
  writer.add_fixed64(process_field::kPeakAt, to_word(process.heap.peak_at));
  add_words(writer, process_field::kMapped, kMappedWords.size(),
            [&](std::size_t i) { return process.mapped.*kMappedWords[i]; });
  add_words(writer, process_field::kRss, kRssWords.size(),
            [&](std::size_t i) { return process.rss.*kRssWords[i]; });
  add_words(writer, process_field::kLosses, kLossesWords.size(),
            [&](std::size_t i) { return process.losses.*kLossesWords[i]; });
  writer.add_bool(process_field::kExact, process.losses.exact);
  add_words(writer, process_field::kFunctionCalls, process.functions.size(),
            [&](std::size_t i) { return process.functions[i].calls; });
  add_words(writer, process_field::kFunctionBytes, process.functions.size(),
            [&](std::size_t i) { return process.functions[i].bytes; });
  add_words(writer, process_field::kFunctionFailed, process.functions.size(),
            [&](std::size_t i) { return process.functions[i].failed; });
  add_words(writer, process_field::kSizeAllocations, process.sizes.size(),
            [&](std::size_t i) { return process.sizes[i].allocations; });
  add_words(writer, process_field::kSizeBytes, process.sizes.size(),
            [&](std::size_t i) { return process.sizes[i].bytes; });
  add_words(writer, process_field::kSizeDeviations, process.sizes.size(),
            [&](std::size_t i) { return process.sizes[i].deviation; });
  const std::array<std::uint64_t, 6> leak_check = {
      to_word(process.leak_check.method), process.leak_check.complete ? 1U : 0U,
      process.leak_check.pause_us,        process.leak_check.root_bytes,
      process.leak_check.block_bytes,     process.leak_check.watched_ms};
  add_words(writer, process_field::kLeakCheck, leak_check.size(),
            [&](std::size_t i) { return leak_check[i]; });
  const std::array<std::uint64_t, 4> history = {process.survivor_looks[0],
                                                process.survivor_looks[1],
                                                process.address_space_limit, process.data_limit};
  add_words(writer, process_field::kHistory, history.size(),
            [&](std::size_t i) { return history[i]; });
  const std::array<std::uint64_t, 8> row_counts = {
      process.sites.size(),   process.failures.size(),   process.large.size(),
      process.threads.size(), process.timeline.size(),   process.leaks.size(),
      process.epochs.size(),  process.site_epochs.size()};
  writer.add_packed_uint64(process_field::kRowCounts, row_counts.begin(), row_counts.end());
  return message;
}

std::string encode_holder(const model::HolderPath& holder, std::size_t stacks) {
  std::string message;
  protozero::pbf_writer writer(message);
  const std::array<std::uint64_t, 7> words = {
      to_word(holder.kind), to_word(holder.root), holder.tid,    holder.root_address,
      holder.module_offset, holder.symbol_offset, holder.skipped};
  writer.add_packed_uint64(holder_field::kWords, words.begin(), words.end());
  add_text(writer, holder_field::kModule, holder.module);
  add_text(writer, holder_field::kSymbol, holder.symbol);
  std::vector<std::uint64_t> steps;
  for (const model::HolderStep& step : holder.steps) {
    const std::uint64_t stack = step.stack < stacks ? step.stack : model::kNone;
    steps.insert(steps.end(), {stack, step.address, step.size, step.pointer_at, step.inside});
  }
  writer.add_packed_uint64(holder_field::kSteps, steps.begin(), steps.end());
  return message;
}

// What hardly ever changes, and may be long, apart from the numbers, which always do.
std::string encode_texts(std::size_t index, const model::Process& process, std::size_t stacks) {
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_uint64(process_field::kIndex, index);
  add_text(writer, process_field::kExe, process.exe);
  add_texts(writer, process_field::kCommand, process.command);
  add_texts(writer, process_field::kNotes, process.notes);
  add_text(writer, process_field::kLeakReason, process.leak_check.reason);
  add_text(writer, process_field::kLongPauseReason, process.leak_check.long_pause_reason);
  for (const model::HolderPath& holder : process.holders) {
    writer.add_message(process_field::kHolder, encode_holder(holder, stacks));
  }
  return message;
}

// One message of each process, where it differs from the one written before.
template <typename Encode>
void encode_process_messages(const model::Session& session, ChunkType type, Encode encode,
                             std::uint64_t ProcessShadow::*known, Shadow& shadow,
                             ChunkWriter& chunks) {
  TableChunks out(chunks, type);
  for (std::size_t i = 0; i < session.processes.size(); ++i) {
    const std::string message = encode(i, session.processes[i]);
    const std::uint64_t hash = checksum_of(message) | 1;
    if (shadow.processes[i].*known == hash) continue;
    shadow.processes[i].*known = hash;
    out.add(message);
  }
  out.flush();
}

// One chunk type for one table of every process.
template <typename Row>
void encode_process_rows(const model::Session& session, ChunkType type,
                         std::vector<Row> model::Process::*table, RowHashes ProcessShadow::*hashes,
                         Shadow& shadow, ChunkWriter& chunks) {
  TableChunks out(chunks, type);
  const TableSizes sizes = sizes_of(session);
  for (std::size_t i = 0; i < session.processes.size(); ++i) {
    const std::vector<Row>& rows = session.processes[i].*table;
    encode_rows(static_cast<std::uint32_t>(i), rows,
                changed_rows(rows, sizes, shadow.processes[i].*hashes), sizes, out);
  }
  out.flush();
}

}  // namespace

void encode_processes(const model::Session& session, Shadow& shadow, ChunkWriter& chunks) {
  shadow.processes.resize(session.processes.size());
  encode_process_messages(session, ChunkType::processes, encode_record, &ProcessShadow::record,
                          shadow, chunks);
  const auto encode_with_stacks = [&](std::size_t index, const model::Process& process) {
    return encode_texts(index, process, sizes_of(session).stacks);
  };
  encode_process_messages(session, ChunkType::process_texts, encode_with_stacks,
                          &ProcessShadow::texts, shadow, chunks);
  using P = model::Process;
  using S = ProcessShadow;
  encode_process_rows(session, ChunkType::sites, &P::sites, &S::sites, shadow, chunks);
  encode_process_rows(session, ChunkType::failures, &P::failures, &S::failures, shadow, chunks);
  encode_process_rows(session, ChunkType::large, &P::large, &S::large, shadow, chunks);
  encode_process_rows(session, ChunkType::threads, &P::threads, &S::threads, shadow, chunks);
  encode_process_rows(session, ChunkType::timeline, &P::timeline, &S::timeline, shadow, chunks);
  encode_process_rows(session, ChunkType::leaks, &P::leaks, &S::leaks, shadow, chunks);
  encode_process_rows(session, ChunkType::epochs, &P::epochs, &S::epochs, shadow, chunks);
  encode_process_rows(session, ChunkType::site_epochs, &P::site_epochs, &S::site_epochs, shadow,
                      chunks);
}

}  // namespace memwatch::capture
