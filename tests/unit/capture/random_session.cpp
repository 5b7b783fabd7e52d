#include "tests/unit/capture/random_session.h"

namespace memwatch::capture_testing {

// Small and large values alike, and the extremes now and then.
std::uint64_t RandomSession::word() {
  const std::uint64_t bits = random_();
  if (bits % 64 == 0) return ~std::uint64_t{0};
  return random_() >> (bits % 64);
}

std::size_t RandomSession::below(std::size_t limit) {
  return random_() % limit;
}

std::string RandomSession::text(std::size_t longest) {
  std::string result(below(longest + 1), ' ');
  for (char& c : result) c = static_cast<char>(below(256));
  return result;
}

model::Site RandomSession::site(const model::Session& session) {
  return {id_below(session.stacks.size()),
          word(),
          word(),
          word(),
          word(),
          word(),
          word(),
          word(),
          word()};
}

model::Failure RandomSession::failure(const model::Session& session) {
  model::Failure row;
  row.function = static_cast<Function>(below(kFunctionCount));
  row.requested = word();
  row.error_number = static_cast<std::int32_t>(static_cast<std::uint32_t>(random_()));
  row.count = word();
  row.first_at = real();
  row.injected = sometimes(2);
  row.stack = id_below(session.stacks.size());
  row.situation = {word(), word(), word(), word()};
  return row;
}

model::LargeAllocation RandomSession::large(const model::Session& session) {
  return {static_cast<Function>(below(kFunctionCount)),
          word(),
          word(),
          real(),
          static_cast<std::uint32_t>(random_()),
          id_below(session.stacks.size())};
}

model::ThreadTotals RandomSession::thread() {
  return {static_cast<std::uint32_t>(random_()),
          text(15),
          word(),
          word(),
          word(),
          word(),
          word(),
          word(),
          word()};
}

model::TimelineSample RandomSession::sample() {
  return {real(), word(), word(), word(), word(), word(), word(), word(), word(),
          word(), word(), word(), word(), word(), word(), word(), real()};
}

void RandomSession::fill_counters(model::Process& p) {
  p.duration = real();
  p.exit_kind = static_cast<model::ExitKind>(below(5));
  p.exit_code = static_cast<std::int32_t>(below(256)) - 128;
  p.exit_signal = static_cast<std::int32_t>(below(64));
  p.out_of_memory_kill = sometimes(2);
  p.mode = static_cast<model::Mode>(below(3));
  p.sample_interval = word();
  p.totals = {word(), word(), word(), word(), word(), word(), word(),
              word(), word(), word(), word(), word(), word()};
  p.heap = {word(), word(), word(), real(), word(), word()};
  p.mapped = {word(), word()};
  p.rss = {word(), word(), word()};
  p.losses = {word(), word(), word(), word(), word(), word(), word(), sometimes(2)};
  for (model::FunctionTotals& f : p.functions) {
    f = sometimes(2) ? model::FunctionTotals{} : model::FunctionTotals{word(), word(), word()};
  }
  for (model::SizeBucket& b : p.sizes) {
    b = sometimes(2) ? model::SizeBucket{} : model::SizeBucket{word(), word(), word()};
  }
}

void RandomSession::step_tables(model::Session& session) {
  const std::size_t modules = 1 + scale_ / 8;
  for (std::size_t i = 0; i < modules; ++i) session.modules.push_back({text(40), text(20)});
  if (sometimes(2)) session.modules.back().build_id = text(20);
  for (std::size_t i = 0; i < scale_; ++i) {
    session.code_addresses.push_back({id_below(session.modules.size()), word(), sometimes(2)});
  }
  for (std::size_t i = 0; i < 2 * scale_; ++i) {
    session.stacks.push_back(
        {id_below(session.stacks.size()), id_below(session.code_addresses.size())});
  }
  for (std::size_t i = 0; i < scale_; ++i) {
    const std::size_t address = 1 + below(session.code_addresses.size() - 1);
    if (session.symbols.size() <= address) session.symbols.resize(address + 1);
    model::Symbols& symbols = session.symbols[address];
    if (!symbols.frames.empty()) continue;  // symbols are final once they are there
    const std::size_t frames = below(4);
    for (std::size_t f = 0; f < frames; ++f) {
      symbols.frames.push_back({text(30), sometimes(3) ? text(20) : "common.cpp",
                                static_cast<std::uint32_t>(random_()), sometimes(2)});
    }
  }
}

void RandomSession::step_process(const model::Session& session, model::Process& p) {
  fill_counters(p);
  if (sometimes(3)) p.notes.push_back(text(60));
  for (model::Site& row : p.sites) {
    if (sometimes(4)) row = site(session);
  }
  for (std::size_t i = 0; i < scale_; ++i) p.sites.push_back(site(session));
  for (model::Failure& row : p.failures) {
    if (sometimes(4)) row.count += 1;
  }
  for (std::size_t i = below(scale_); i > 0; --i) p.failures.push_back(failure(session));
  for (std::size_t i = below(scale_); i > 0; --i) p.large.push_back(large(session));
  for (model::ThreadTotals& row : p.threads) {
    if (sometimes(4)) row = thread();
  }
  for (std::size_t i = below(scale_); i > 0; --i) p.threads.push_back(thread());
  if (sometimes(3)) {  // as an owner does that keeps a timeline short
    for (std::size_t i = 0; 2 * i < p.timeline.size(); ++i) p.timeline[i] = p.timeline[2 * i];
    p.timeline.resize((p.timeline.size() + 1) / 2);
  }
  for (std::size_t i = 0; i < scale_; ++i) p.timeline.push_back(sample());
  p.leak_check = {static_cast<model::LeakMethod>(below(3)),
                  sometimes(2),
                  word(),
                  word(),
                  word(),
                  word(),
                  text(20),
                  text(20)};
  if (sometimes(3)) p.leaks.clear();  // another check, other rows
  for (std::size_t i = below(scale_); i > 0; --i) {
    p.leaks.push_back({id_below(session.stacks.size()), static_cast<model::LeakKind>(below(5)),
                       id_below(session.stacks.size()), static_cast<std::uint32_t>(below(4)),
                       word(), word()});
  }
  p.survivor_looks = {word(), word()};
  p.address_space_limit = word();
  p.data_limit = word();
  if (sometimes(3)) p.epochs.resize(p.epochs.size() / 2);  // merged
  for (std::size_t i = below(scale_); i > 0; --i) {
    p.epochs.push_back({real(), word(), word(), word()});
  }
  p.site_epochs.clear();  // other sites are the ones that grew most
  for (std::size_t i = below(2 * scale_); i > 0; --i) {
    p.site_epochs.push_back({id_below(session.stacks.size()), static_cast<std::uint32_t>(below(64)),
                             word(), word(), word()});
  }
  if (sometimes(3)) p.holders.clear();
  for (std::size_t i = below(scale_); i > 0; --i) {
    model::HolderPath& holder = p.holders.emplace_back();
    holder.kind = static_cast<model::LeakKind>(below(5));
    holder.root = static_cast<model::RootKind>(below(8));
    holder.tid = static_cast<std::uint32_t>(below(1000));
    holder.root_address = word();
    holder.module = text(20);
    holder.module_offset = word();
    holder.symbol = text(20);
    holder.symbol_offset = word();
    holder.skipped = word();
    for (std::size_t step = below(4); step > 0; --step) {
      holder.steps.push_back({id_below(session.stacks.size()), word(), word(), word(), word()});
    }
  }
}

void RandomSession::step(model::Session& session) {
  if (session.memwatch_version.empty()) {
    session.memwatch_version = "9.9.9";
    session.host = text(12);
    session.started_at = real();
    session.command = {text(10), "", text(10)};
    session.large_threshold = word();
  }
  if (sometimes(2)) session.suppressions.push_back(text(30));
  step_tables(session);
  if (session.processes.empty() || sometimes(2)) {
    model::Process process;
    process.pid = static_cast<std::uint32_t>(random_());
    process.ppid = static_cast<std::uint32_t>(random_());
    process.exe = text(40);
    process.command = {text(10), "", text(10)};
    process.start = real();
    session.processes.push_back(process);
  }
  for (model::Process& process : session.processes) {
    if (!sometimes(4)) step_process(session, process);
  }
}

}  // namespace memwatch::capture_testing
