// Processes and their tables of rows: the mirror of encode_processes.cpp.
#include <array>

#include "collector/capture/decode_messages.h"
#include "collector/capture/process_words.h"
#include "collector/capture/session_decode.h"

namespace memwatch::capture {
namespace {

template <typename Row>
void shrink(std::vector<Row>& table, std::uint64_t count) {
  if (count < table.size()) table.resize(static_cast<std::size_t>(count));
}

// A table that became shorter (a thinned timeline) is cut here; its rows follow in other chunks.
void apply_row_counts(std::string_view packed, model::Process& process) {
  for_each_word(packed, 8, [&](std::size_t i, std::uint64_t count) {
    switch (i) {
      case 0:
        return shrink(process.sites, count);
      case 1:
        return shrink(process.failures, count);
      case 2:
        return shrink(process.large, count);
      case 3:
        return shrink(process.threads, count);
      case 4:
        return shrink(process.timeline, count);
      case 5:
        return shrink(process.leaks, count);
      case 6:
        return shrink(process.epochs, count);
      default:
        return shrink(process.site_epochs, count);
    }
  });
}

// A method that only a newer memwatch knows is as good as none.
void set_leak_check(std::string_view packed, model::LeakCheck& check) {
  for_each_word(packed, 6, [&](std::size_t i, std::uint64_t word) {
    switch (i) {
      case 0:
        check.method = word <= static_cast<std::uint64_t>(model::LeakMethod::none)
                           ? static_cast<model::LeakMethod>(word)
                           : model::LeakMethod::lifetime;
        return;
      case 1:
        check.complete = word != 0;
        return;
      case 2:
        check.pause_us = word;
        return;
      case 3:
        check.root_bytes = word;
        return;
      case 4:
        check.block_bytes = word;
        return;
      default:
        check.watched_ms = word;
    }
  });
}

void set_history(std::string_view packed, model::Process& process) {
  for_each_word(packed, 4, [&](std::size_t i, std::uint64_t word) {
    switch (i) {
      case 0:
      case 1:
        process.survivor_looks[i] = word;
        return;
      case 2:
        process.address_space_limit = word;
        return;
      default:
        process.data_limit = word;
    }
  });
}

std::uint64_t index_of(std::string_view message) {
  std::uint64_t index = 0;
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    if (reader.tag_and_type() == varint_key(process_field::kIndex)) {
      index = reader.get_uint64();
    } else {
      reader.skip();
    }
  }
  return index;
}

// A record is absolute: what it leaves out is zero again. Texts and rows have their own messages.
void reset_record(model::Process& process) {
  model::Process fresh;
  fresh.sites = std::move(process.sites);
  fresh.failures = std::move(process.failures);
  fresh.large = std::move(process.large);
  fresh.threads = std::move(process.threads);
  fresh.timeline = std::move(process.timeline);
  fresh.leaks = std::move(process.leaks);
  fresh.epochs = std::move(process.epochs);
  fresh.site_epochs = std::move(process.site_epochs);
  fresh.leak_check.reason = std::move(process.leak_check.reason);
  fresh.leak_check.long_pause_reason = std::move(process.leak_check.long_pause_reason);
  fresh.holders = std::move(process.holders);
  fresh.exe = std::move(process.exe);
  fresh.command = std::move(process.command);
  fresh.notes = std::move(process.notes);
  process = std::move(fresh);
}

// Ways to end and modes that only a newer memwatch knows are shown as the vaguest known one.
void set_exit_kind(std::uint64_t word, model::Process& process) {
  process.exit_kind = word <= static_cast<std::uint64_t>(model::ExitKind::lost)
                          ? static_cast<model::ExitKind>(word)
                          : model::ExitKind::lost;
}
void set_mode(std::uint64_t word, model::Process& process) {
  process.mode = word <= static_cast<std::uint64_t>(model::Mode::sample)
                     ? static_cast<model::Mode>(word)
                     : model::Mode::idle;
}

bool decode_scalar(protozero::pbf_reader& reader, model::Process& process) {
  switch (reader.tag_and_type()) {
    case varint_key(process_field::kPid):
      set_word(reader.get_uint64(), process.pid);
      break;
    case varint_key(process_field::kPpid):
      set_word(reader.get_uint64(), process.ppid);
      break;
    case fixed_key(process_field::kStart):
      set_word(reader.get_fixed64(), process.start);
      break;
    case fixed_key(process_field::kDuration):
      set_word(reader.get_fixed64(), process.duration);
      break;
    case varint_key(process_field::kExitKind):
      set_exit_kind(reader.get_uint64(), process);
      break;
    case varint_key(process_field::kExitCode):
      set_word(reader.get_uint64(), process.exit_code);
      break;
    case varint_key(process_field::kExitSignal):
      set_word(reader.get_uint64(), process.exit_signal);
      break;
    case varint_key(process_field::kOutOfMemoryKill):
      process.out_of_memory_kill = reader.get_uint64() != 0;
      break;
    case varint_key(process_field::kMode):
      set_mode(reader.get_uint64(), process);
      break;
    case varint_key(process_field::kSampleInterval):
      process.sample_interval = reader.get_uint64();
      break;
    case fixed_key(process_field::kPeakAt):
      set_word(reader.get_fixed64(), process.heap.peak_at);
      break;
    case varint_key(process_field::kExact):
      process.losses.exact = reader.get_uint64() != 0;
      break;
    default:
      return false;
  }
  return true;
}

template <typename Facts, typename Words>
void set_words(std::string_view packed, const Words& words, Facts& facts) {
  for_each_word(packed, words.size(),
                [&](std::size_t i, std::uint64_t word) { facts.*words[i] = word; });
}

template <typename Row, std::size_t kCount>
void set_column(std::string_view packed, std::uint64_t Row::*member,
                std::array<Row, kCount>& rows) {
  for_each_word(packed, kCount, [&](std::size_t i, std::uint64_t word) { rows[i].*member = word; });
}

void decode_list(std::uint32_t field, std::string_view bytes, model::Process& process) {
  switch (field) {
    case process_field::kTotals:
      return set_words(bytes, kTotalsWords, process.totals);
    case process_field::kHeap:
      return set_words(bytes, kHeapWords, process.heap);
    case process_field::kMapped:
      return set_words(bytes, kMappedWords, process.mapped);
    case process_field::kRss:
      return set_words(bytes, kRssWords, process.rss);
    case process_field::kLosses:
      return set_words(bytes, kLossesWords, process.losses);
    case process_field::kFunctionCalls:
      return set_column(bytes, &model::FunctionTotals::calls, process.functions);
    case process_field::kFunctionBytes:
      return set_column(bytes, &model::FunctionTotals::bytes, process.functions);
    case process_field::kFunctionFailed:
      return set_column(bytes, &model::FunctionTotals::failed, process.functions);
    case process_field::kSizeAllocations:
      return set_column(bytes, &model::SizeBucket::allocations, process.sizes);
    case process_field::kSizeBytes:
      return set_column(bytes, &model::SizeBucket::bytes, process.sizes);
    case process_field::kSizeDeviations:
      return set_column(bytes, &model::SizeBucket::deviation, process.sizes);
    case process_field::kLeakCheck:
      return set_leak_check(bytes, process.leak_check);
    case process_field::kHistory:
      return set_history(bytes, process);
    case process_field::kRowCounts:
      return apply_row_counts(bytes, process);
    default:
      return;
  }
}

void decode_record(std::string_view message, MemoryBudget& budget, model::Session& session) {
  const std::uint64_t index = index_of(message);
  if (index > session.processes.size()) throw Damage{"a process's number is out of range"};
  if (index == session.processes.size()) {
    budget.charge(sizeof(model::Process));
    session.processes.emplace_back();
  }
  model::Process& process = session.processes[static_cast<std::size_t>(index)];
  reset_record(process);
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    if (decode_scalar(reader, process)) continue;
    if (reader.has_wire_type(pbf_wire_type::length_delimited)) {
      const std::uint32_t field = reader.tag();
      decode_list(field, bytes_of(reader), process);
    } else {
      reader.skip();
    }
  }
}

void decode_holder(std::string_view message, MemoryBudget& budget, const TableSizes& sizes,
                   model::HolderPath& holder) {
  constexpr std::size_t kStepWords = 5;
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case bytes_key(holder_field::kWords): {
        std::array<std::uint64_t, 7> words{};
        for_each_word(bytes_of(reader), words.size(),
                      [&](std::size_t i, std::uint64_t word) { words[i] = word; });
        // What only a newer memwatch tells apart is shown as the vaguest that is known.
        holder.kind = words[0] <= to_word(model::LeakKind::reachable)
                          ? static_cast<model::LeakKind>(words[0])
                          : model::LeakKind::reachable;
        holder.root = words[1] <= to_word(model::RootKind::thread_local_storage)
                          ? static_cast<model::RootKind>(words[1])
                          : model::RootKind::memory;
        set_word(words[2], holder.tid);
        holder.root_address = words[3];
        holder.module_offset = words[4];
        holder.symbol_offset = words[5];
        holder.skipped = words[6];
        break;
      }
      case bytes_key(holder_field::kModule):
        set_text(bytes_of(reader), budget, holder.module);
        break;
      case bytes_key(holder_field::kSymbol):
        set_text(bytes_of(reader), budget, holder.symbol);
        break;
      case bytes_key(holder_field::kSteps):
        for_each_word(bytes_of(reader), SIZE_MAX, [&](std::size_t i, std::uint64_t word) {
          if (i % kStepWords == 0) {
            budget.charge(sizeof(model::HolderStep));
            holder.steps.emplace_back();
          }
          model::HolderStep& step = holder.steps.back();
          switch (i % kStepWords) {
            case 0:
              if (word >= sizes.stacks) throw Damage{"a way to a block has no such stack"};
              step.stack = static_cast<model::StackId>(word);
              break;
            case 1:
              step.address = word;
              break;
            case 2:
              step.size = word;
              break;
            case 3:
              step.pointer_at = word;
              break;
            default:
              step.inside = word;
          }
        });
        break;
      default:
        reader.skip();
    }
  }
}

void decode_texts(std::string_view message, MemoryBudget& budget, model::Session& session) {
  const std::uint64_t index = index_of(message);
  if (index >= session.processes.size()) throw Damage{"texts of a process that does not exist"};
  model::Process& process = session.processes[static_cast<std::size_t>(index)];
  process.exe.clear();
  process.command.clear();
  process.notes.clear();
  process.leak_check.reason.clear();
  process.leak_check.long_pause_reason.clear();
  process.holders.clear();
  protozero::pbf_reader reader(message.data(), message.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case bytes_key(process_field::kExe):
        set_text(bytes_of(reader), budget, process.exe);
        break;
      case bytes_key(process_field::kCommand):
        append_text(bytes_of(reader), budget, process.command);
        break;
      case bytes_key(process_field::kNotes):
        append_text(bytes_of(reader), budget, process.notes);
        break;
      case bytes_key(process_field::kLeakReason):
        set_text(bytes_of(reader), budget, process.leak_check.reason);
        break;
      case bytes_key(process_field::kLongPauseReason):
        set_text(bytes_of(reader), budget, process.leak_check.long_pause_reason);
        break;
      case bytes_key(process_field::kHolder):
        budget.charge(sizeof(model::HolderPath));
        decode_holder(bytes_of(reader), budget, sizes_of(session), process.holders.emplace_back());
        break;
      default:
        reader.skip();
    }
  }
}

template <typename Row>
void decode_process_rows(std::string_view payload, std::vector<Row> model::Process::*table,
                         MemoryBudget& budget, model::Session& session) {
  const TableSizes sizes = sizes_of(session);
  for_each_message(payload, [&](std::string_view message) {
    const RowBlock block = parse_row_block(message);
    if (block.process >= session.processes.size()) {
      throw Damage{"rows of a process that does not exist"};
    }
    decode_rows(block, 0, sizes, budget, session.processes[block.process].*table);
  });
}

}  // namespace

void decode_processes(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  for_each_message(payload,
                   [&](std::string_view message) { decode_record(message, budget, session); });
}

void decode_process_texts(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  for_each_message(payload,
                   [&](std::string_view message) { decode_texts(message, budget, session); });
}
void decode_sites(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  decode_process_rows(payload, &model::Process::sites, budget, session);
}
void decode_failures(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  decode_process_rows(payload, &model::Process::failures, budget, session);
}
void decode_large(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  decode_process_rows(payload, &model::Process::large, budget, session);
}
void decode_threads(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  decode_process_rows(payload, &model::Process::threads, budget, session);
}
void decode_timeline(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  decode_process_rows(payload, &model::Process::timeline, budget, session);
}
void decode_leaks(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  decode_process_rows(payload, &model::Process::leaks, budget, session);
}
void decode_epochs(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  decode_process_rows(payload, &model::Process::epochs, budget, session);
}
void decode_site_epochs(std::string_view payload, MemoryBudget& budget, model::Session& session) {
  decode_process_rows(payload, &model::Process::site_epochs, budget, session);
}

}  // namespace memwatch::capture
