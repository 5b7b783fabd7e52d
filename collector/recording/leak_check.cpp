#include "collector/recording/leak_check.h"

#include <fmt/format.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "collector/reachability/huge_pages.h"
#include "collector/recording/heap_facts.h"

namespace memwatch::recording {

namespace {

using namespace reachability;

// Ways that are kept of a process that has ended: to the sites that hold most.
constexpr std::size_t kHoldersAtExit = 200;

model::LeakKind kind_of(Kind kind) {
  switch (kind) {
    case Kind::definite:
      return model::LeakKind::definite;
    case Kind::indirect:
      return model::LeakKind::indirect;
    case Kind::possible:
      return model::LeakKind::possible;
    case Kind::reachable:
      break;
  }
  return model::LeakKind::reachable;
}

// Was the block allocated by the loader for itself? Records of libraries and thread-local storage,
// which it holds by pointers of its own kinds.
bool is_of_loader(const model::Session& session, model::StackId stack) {
  const model::CodeAddressId address = session.stacks[stack].address;
  const std::string& path = session.modules[session.code_addresses[address].module].path;
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  return name.starts_with("ld-linux") || name.starts_with("ld-musl") || name.starts_with("ld-2.");
}

model::RootKind root_kind_of(RootSource::Kind kind) {
  switch (kind) {
    case RootSource::Kind::data:
      return model::RootKind::data;
    case RootSource::Kind::stack:
      return model::RootKind::stack;
    case RootSource::Kind::registers:
      return model::RootKind::registers;
    case RootSource::Kind::memory:
      return model::RootKind::memory;
    case RootSource::Kind::heap:
      return model::RootKind::heap;
    case RootSource::Kind::loader:
      break;
  }
  return model::RootKind::loader;
}

// Where in memory the module begins whose data lies at this address: a file that is loaded twice
// (dlmopen) begins twice.
std::uint64_t start_of_module(const std::vector<procfs::MemoryMapping>& maps,
                              const std::string& path, std::uint64_t address) {
  std::uint64_t start = 0, last_end = 0;
  for (const procfs::MemoryMapping& mapping : maps) {
    if (mapping.start > address) break;
    if (mapping.path != path) continue;
    if (mapping.offset == 0 && mapping.start != last_end) start = mapping.start;
    last_end = mapping.end;
  }
  return start;
}

// Ways to blocks as the session keeps them. Sites have to be this process's.
std::vector<model::HolderPath> holders_of(const Examination& examination,
                                          const std::vector<model::Site>& sites) {
  std::vector<model::HolderPath> holders;
  for (const Path& path : examination.holders) {
    model::HolderPath& holder = holders.emplace_back();
    holder.kind = kind_of(path.kind);
    holder.skipped = path.skipped;
    if (path.source) {
      const RootSource& source = examination.sources[*path.source];
      holder.root = path.in_thread_local_storage ? model::RootKind::thread_local_storage
                                                 : root_kind_of(source.kind);
      holder.tid = static_cast<std::uint32_t>(source.tid);
      holder.root_address = path.where;
      holder.module = source.path;
      if (source.kind == RootSource::Kind::data && path.where != 0) {
        holder.module_offset =
            path.where - start_of_module(examination.memory->maps(), source.path, path.where);
      }
    }
    for (const Step& step : path.steps) {
      const Block& block = examination.scan->blocks()[step.block];
      holder.steps.push_back(
          {sites[block.site].stack, block.address, block.size, step.pointer_at, step.inside});
    }
  }
  return holders;
}

// The rows of a process's leaks, one for each site, kind and owner.
class LeakRows {
 public:
  LeakRows(const Examination& examination, const std::vector<model::Site>& sites)
      : examination_(examination), sites_(sites) {}

  // A block of the examination, by its number. Its size may have been cut there (BlockIndex).
  void add(std::uint32_t number, std::uint64_t bytes) {
    const std::vector<Block>& blocks = examination_.scan->blocks();
    const model::LeakKind kind = kind_of(examination_.verdicts.kinds[number]);
    model::StackId owner = model::kNone;
    if (kind == model::LeakKind::indirect) {
      owner = sites_[blocks[examination_.verdicts.owners[number]].site].stack;
    }
    add(blocks[number].site, kind, owner, bytes);
  }
  void add(std::uint32_t number) { add(number, examination_.scan->blocks()[number].size); }
  // One that came after the look is held by whoever still runs.
  void add_later(const model::LiveBlock& block) {
    add(block.site, model::LeakKind::reachable, model::kNone, block.size);
  }

  std::vector<model::LeakRow> take() && {
    std::vector<model::LeakRow> rows;
    rows.reserve(rows_.size());
    for (const auto& [key, row] : rows_) rows.push_back(row);
    return rows;
  }

 private:
  using Key = std::tuple<std::uint32_t, model::LeakKind, model::StackId>;
  void add(std::uint32_t site, model::LeakKind kind, model::StackId owner, std::uint64_t bytes) {
    auto [known, is_new] = rows_.try_emplace(Key{site, kind, owner});
    model::LeakRow& row = known->second;
    if (is_new) row = {sites_[site].stack, kind, owner, 0, 0, 0};
    ++row.blocks;
    row.bytes += bytes;
  }

  const Examination& examination_;
  const std::vector<model::Site>& sites_;
  std::map<Key, model::LeakRow> rows_;
};

// What is judged of a process that goes on: of one that is sampled or idle, what was watched.
model::LiveProcess& judged_part(ProcessRecord& record) {
  model::LiveProcess* const watch = record.tracked->watch();
  return watch != nullptr ? *watch : record.tracked->live();
}

std::vector<Block> take_blocks(ProcessRecord& record, const model::LiveProcess& judged,
                               RootFacts& facts) {
  const model::LiveProcess& live = record.tracked->live();
  for (const auto& [start, end] : live.mapped_ranges().ranges()) {
    facts.program_mappings.push_back({start, end});
  }
  for (const auto& [start, end] : shim_mappings_of(record))
    facts.shim_mappings.push_back({start, end});
  facts.program_moved_break = live.has_moved_break();
  facts.has_unknown_blocks =
      &judged != &live || live.inherits_blocks() || record.was_joined || !live.facts.losses.exact;
  std::vector<Block> blocks;
  reachability::reserve_huge(blocks, judged.heap().size());
  judged.heap().for_each([&](const model::LiveBlock& block) {
    if (block.address >= BlockIndex::kAddressLimit) return;
    blocks.push_back({block.address, block.size, block.site, block.site});
  });
  return blocks;
}

Subject subject_of(ProcessRecord& record, model::LiveProcess& judged, const model::Session& session,
                   const std::function<void()>& heartbeat) {
  Subject subject;
  subject.pid = record.pid;
  subject.start_time = record.start_time;
  subject.memory_descriptor = record.memory.get();
  subject.maps_descriptor = record.maps.get();
  subject.twin_call = record.tracked->segment().header().twin_call;
  subject.heartbeat = heartbeat;
  subject.drain = [&record] {
    while (record.tracked->drain() > 0) {
    }
  };
  // Sites and stacks grow while a process that goes on is judged, so the loader's are noted first.
  const auto of_loader = std::make_shared<std::vector<bool>>();
  subject.take_blocks = [&record, &judged, &session, of_loader](RootFacts& facts) {
    for (const model::Site& site : judged.facts.sites) {
      of_loader->push_back(is_of_loader(session, site.stack));
    }
    return take_blocks(record, judged, facts);
  };
  subject.is_root_site = [of_loader](std::uint32_t site) { return (*of_loader)[site]; };
  return subject;
}

// What losses mean: a block whose free went by unseen is pointed to by nobody.
std::string why_lossy(const model::Losses& losses) {
  if (losses.dropped_frees > 0) {
    return fmt::format(
        "{} calls were lost ({} of them frees), so not every block is known, and some that are "
        "listed may have been freed",
        losses.dropped_allocations + losses.dropped_frees, losses.dropped_frees);
  }
  return "calls were lost, so not every block is known";
}

// `watched_seconds`: since its blocks are known, of a process that goes on and whose earlier blocks
// are not.
const Examination& examine_record(ProcessRecord& record, model::Process& judged, Subject& subject,
                                  std::optional<double> watched_seconds) {
  record.examination = std::make_unique<Examination>(examine(subject));
  Examination& result = *record.examination;
  model::LeakCheck& check = judged.leak_check;
  check = {};
  check.pause_us = static_cast<std::uint64_t>(result.pause_seconds * 1e6);
  check.long_pause_reason = result.why_long_pause;
  if (!result.why_not.empty()) {
    check.reason = result.why_not;
    return result;
  }
  check.method = model::LeakMethod::reachability;
  check.root_bytes = result.scan->figures().root_bytes;
  check.block_bytes = result.scan->figures().block_bytes;
  std::vector<std::string> reasons;
  if (!result.why_incomplete.empty()) reasons.push_back(result.why_incomplete);
  if (watched_seconds) {
    check.watched_ms =
        static_cast<std::uint64_t>(std::max(1LL, std::llround(*watched_seconds * 1000)));
  } else if (record.was_joined) {
    reasons.emplace_back(
        "blocks allocated before memwatch joined are not known, so only later ones were judged");
  }
  if (!judged.losses.exact) reasons.push_back(why_lossy(judged.losses));
  check.reason = fmt::format("{}", fmt::join(reasons, "; "));
  check.complete = check.reason.empty() && !watched_seconds;
  return result;
}

// Why a process has no verdicts.
std::string why_by_lifetime(const model::Process& process) {
  if (process.mode == model::Mode::sample) return "a sample does not know every block";
  if (process.mode == model::Mode::idle) return "in idle mode no block is known";
  switch (process.exit_kind) {
    case model::ExitKind::signaled:
      return "a signal ended it, so its memory was gone";
    case model::ExitKind::exec:
      return "exec replaced it";
    case model::ExitKind::running:
      return "it still runs";
    case model::ExitKind::exited:
    case model::ExitKind::lost:
      break;
  }
  return "its memory could not be seen at its end: it did not end by the C library's exit, or had "
         "locked itself in (seccomp)";
}

}  // namespace

void explain_missing_check(model::Process& process) {
  model::LeakCheck& check = process.leak_check;
  if (check.method == model::LeakMethod::lifetime && check.reason.empty()) {
    check.reason = why_by_lifetime(process);
  }
}

bool awaits_leak_check(const ProcessRecord& record) {
  const protocol::SegmentHeader& header = record.tracked->segment().header();
  // Acquire: what the waiting thread says of itself; matched by the release in preload/exit_check.
  return header.exit_waiting.load(std::memory_order_acquire) == 1 &&
         header.exit_released.load(std::memory_order_relaxed) == 0;
}

void check_at_exit(ProcessRecord& record, const model::Session& session,
                   const std::function<void()>& heartbeat) {
  protocol::SegmentHeader& header = record.tracked->segment().header();
  model::LiveProcess& live = record.tracked->live();
  Subject subject = subject_of(record, live, session, heartbeat);
  WaitingThread waiting;
  waiting.tid = static_cast<pid_t>(header.exit_tid);
  waiting.stack_pointer = header.exit_stack_pointer;
  std::copy(std::begin(header.exit_registers), std::end(header.exit_registers),
            waiting.registers.begin());
  subject.waiting = waiting;
  subject.holders.sites = kHoldersAtExit;
  subject.release = [&header] {
    // Relaxed: a permission to end, which publishes nothing.
    header.exit_released.store(1, std::memory_order_relaxed);
    syscall(SYS_futex, &header.exit_released, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  };
  examine_record(record, live.facts, subject, std::nullopt);
}

model::Process judge_living(ProcessRecord& record, const model::Session& session,
                            const HoldersWish& holders, double now,
                            const std::function<void()>& heartbeat) {
  intake::TrackedProcess& tracked = *record.tracked;
  tracked.collect_losses();
  model::LiveProcess& judged = judged_part(record);
  Subject subject = subject_of(record, judged, session, heartbeat);
  subject.holders = holders;
  // It may be running again: its rings have to be read meanwhile. The facts are those of the look.
  subject.heartbeat = [&tracked, &heartbeat] {
    heartbeat();
    tracked.drain();
  };
  model::Process looked_at;
  const auto take = subject.take_blocks;
  subject.take_blocks = [&record, &judged, &looked_at, take](RootFacts& facts) {
    judged_part(record).settle();  // with its losses
    looked_at = judged.facts;
    // The rest needs none of what it does from now on.
    record.tracked->stop_watching();
    return take(facts);
  };
  const bool is_part = tracked.watch() != nullptr || record.was_joined;
  examine_record(record, judged.facts, subject,
                 is_part ? std::optional(now - judged.facts.start) : std::nullopt);
  model::LeakCheck& check = judged.facts.leak_check;
  if (looked_at.sites.empty()) looked_at = judged.facts;  // it could not be looked at
  looked_at.leak_check = std::exchange(check, {});
  if (looked_at.leak_check.method == model::LeakMethod::reachability) {
    const Examination& examination = *record.examination;
    LeakRows rows(examination, looked_at.sites);
    for (std::uint32_t i = 0; i < examination.scan->blocks().size(); ++i) rows.add(i);
    looked_at.leaks = std::move(rows).take();
    looked_at.holders = holders_of(examination, looked_at.sites);
  }
  record.examination.reset();
  return looked_at;
}

void settle_leaks(ProcessRecord& record, LeakCheckMode mode) {
  model::Process& process = record.tracked->live().facts;
  process.leaks.clear();
  process.holders.clear();
  if (mode == LeakCheckMode::none) {
    process.leak_check = {};
    process.leak_check.method = model::LeakMethod::none;
    process.leak_check.reason = "not asked for (--leak-check none)";
    return;
  }
  if (process.leak_check.method != model::LeakMethod::reachability) {
    return;  // how it ended may be told only later: explain_missing_check()
  }
  const Examination& examination = *record.examination;
  const std::vector<Block>& judged = examination.scan->blocks();
  LeakRows rows(examination, process.sites);
  record.tracked->live().heap().for_each([&](const model::LiveBlock& block) {
    const auto at = std::lower_bound(
        judged.begin(), judged.end(), block.address,
        [](const Block& other, std::uint64_t address) { return other.address < address; });
    if (at != judged.end() && at->address == block.address && at->site == block.site) {
      rows.add(static_cast<std::uint32_t>(at - judged.begin()), block.size);
    } else {
      rows.add_later(block);
    }
  });
  process.leaks = std::move(rows).take();
  process.holders = holders_of(examination, process.sites);
  record.examination.reset();
}

}  // namespace memwatch::recording
