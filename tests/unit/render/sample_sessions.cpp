#include "tests/unit/render/sample_sessions.h"

#include <cerrno>

namespace memwatch::testing {
namespace {

constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

void count(model::Process& process, Function function, std::uint64_t calls, std::uint64_t bytes,
           std::uint64_t failed) {
  process.functions[static_cast<std::size_t>(function)] = {calls, bytes, failed};
}

}  // namespace

SessionBuilder::SessionBuilder() {
  session_.memwatch_version = "0.1.0";
  session_.host = "testhost";
  session_.started_at = 1700000000.25;
  session_.large_threshold = 1024 * kMiB;
}

model::ModuleId SessionBuilder::module(const std::string& path, const std::string& build_id) {
  session_.modules.push_back({path, build_id});
  return static_cast<model::ModuleId>(session_.modules.size() - 1);
}

model::CodeAddressId SessionBuilder::address(model::ModuleId module, std::uint64_t offset,
                                             std::vector<model::SourceFrame> frames) {
  session_.code_addresses.push_back({module, offset, false});
  session_.symbols.push_back({std::move(frames)});
  return static_cast<model::CodeAddressId>(session_.code_addresses.size() - 1);
}

model::StackId SessionBuilder::extend(model::StackId parent,
                                      const std::vector<model::CodeAddressId>& addresses) {
  for (const model::CodeAddressId address : addresses) {
    session_.stacks.push_back({parent, address});
    parent = static_cast<model::StackId>(session_.stacks.size() - 1);
  }
  return parent;
}

model::StackId SessionBuilder::stack(const std::vector<model::CodeAddressId>& addresses) {
  return extend(model::kNone, addresses);
}

model::StackId SessionBuilder::truncated_stack(const std::vector<model::CodeAddressId>& addresses) {
  session_.stacks.push_back({model::kNone, model::kNone});
  return extend(static_cast<model::StackId>(session_.stacks.size() - 1), addresses);
}

model::Process& SessionBuilder::process(std::uint32_t pid, const std::string& exe) {
  model::Process process;
  process.pid = pid;
  process.exe = exe;
  process.command = {exe};
  process.exit_kind = model::ExitKind::exited;
  session_.processes.push_back(std::move(process));
  return session_.processes.back();
}

model::Session server_session() {
  SessionBuilder builder;
  const auto exe = builder.module("/srv/app/server", "abcd12");
  const auto libc = builder.module("/usr/lib/libc.so.6");
  const auto libfoo = builder.module("/usr/lib/libfoo.so.1");
  const auto start = builder.address(libc, 0x2718a, {{"__libc_start_call_main", "", 0, false}});
  const auto main_at = builder.address(exe, 0x1100, {{"main", "/src/server/main.cpp", 12, false}});
  const auto load =
      builder.address(exe, 0x1200,
                      {{"read_row", "/src/server/row.h", 7, true},
                       {"load_table(std::string const&)", "/src/server/table.cpp", 33, false}});
  const auto serve = builder.address(exe, 0x1300, {{"serve", "/src/server/serve.cpp", 88, false}});
  const auto op_new = builder.address(libc, 0x500, {{"operator new(unsigned long)", "", 0, false}});
  const auto foo = builder.address(libfoo, 0xbeef);
  const auto table_stack = builder.stack({start, main_at, load, op_new});
  const auto serve_stack = builder.stack({start, main_at, serve});
  const auto foo_stack = builder.truncated_stack({serve, foo});

  model::Session& session = builder.session();
  session.command = {"./server", "--port", "80"};
  model::Process& server = builder.process(4242, "/srv/app/server");
  server.ppid = 1;
  server.command = session.command;
  server.duration = 10;
  server.totals = {.allocations = 1000,
                   .frees = 997,
                   .reallocations = 10,
                   .allocated_bytes = 40 * kMiB,
                   .freed_bytes = 37 * kMiB,
                   .failed = 2,
                   .large = 1,
                   .temporary = 600,
                   .maps = 2,
                   .unmaps = 1,
                   .mapped_bytes = 4 * kMiB,
                   .unmapped_bytes = 2 * kMiB};
  server.heap = {.live_blocks = 3,
                 .live_bytes = 3 * kMiB,
                 .peak_bytes = 24 * kMiB,
                 .peak_at = 8.2,
                 .peak_blocks = 300};
  server.mapped = {.live_bytes = 2 * kMiB, .peak_bytes = 4 * kMiB};
  server.rss = {.last = 12 * kMiB, .peak = 32 * kMiB, .samples = 11};
  count(server, Function::malloc_, 800, 20 * kMiB, 2);
  count(server, Function::operator_new, 202, 18 * kMiB, 0);
  count(server, Function::realloc_, 10, 2 * kMiB, 0);
  count(server, Function::free_, 997, 37 * kMiB, 0);
  server.sites = {{.stack = table_stack,
                   .allocations = 202,
                   .allocated_bytes = 18 * kMiB,
                   .live_blocks = 2,
                   .live_bytes = 2 * kMiB,
                   .peak_bytes = 18 * kMiB,
                   .own_peak_bytes = 18 * kMiB},
                  {.stack = serve_stack,
                   .allocations = 698,
                   .reallocations = 10,
                   .allocated_bytes = 20 * kMiB,
                   .peak_bytes = 4 * kMiB,
                   .own_peak_bytes = 5 * kMiB,
                   .temporary = 600},
                  {.stack = foo_stack,
                   .allocations = 100,
                   .allocated_bytes = 2 * kMiB,
                   .live_blocks = 1,
                   .live_bytes = 1 * kMiB,
                   .peak_bytes = 2 * kMiB,
                   .own_peak_bytes = 2 * kMiB}};
  server.failures = {
      {.function = Function::malloc_,
       .requested = 64ULL << 30,
       .error_number = ENOMEM,
       .count = 2,
       .first_at = 1.5,
       .stack = table_stack,
       .situation = {.rss = 20 * kMiB, .cgroup_usage = 90 * kMiB, .cgroup_limit = 100 * kMiB}}};
  server.large = {{.function = Function::malloc_,
                   .requested = 2ULL << 30,
                   .address = 0x7f0012340010,
                   .at = 2,
                   .tid = 4243,
                   .stack = serve_stack}};
  server.threads = {{.tid = 4242,
                     .name = "server",
                     .allocations = 300,
                     .frees = 300,
                     .allocated_bytes = 10 * kMiB,
                     .freed_bytes = 9 * kMiB},
                    {.tid = 4243,
                     .name = "worker",
                     .allocations = 700,
                     .frees = 697,
                     .reallocations = 10,
                     .allocated_bytes = 30 * kMiB,
                     .freed_bytes = 28 * kMiB,
                     .temporary = 600,
                     .failed = 2}};
  server.sizes[5] = {600, 12 * kKiB};  // 16 to 31 bytes
  server.sizes[16] = {410, 40 * kMiB - 12 * kKiB};
  for (std::uint64_t second = 0; second <= 10; ++second) {
    model::TimelineSample sample;
    sample.at = static_cast<double>(second);
    sample.live_bytes = second <= 8 ? second * 3 * kMiB : 3 * kMiB;
    sample.allocations = second * 100;
    sample.rss = 4 * kMiB + (second <= 8 ? second * 7 / 2 * kMiB : 8 * kMiB);
    server.timeline.push_back(sample);
  }
  return session;
}

model::Session tree_session() {
  SessionBuilder builder;
  const auto sh = builder.module("/usr/bin/dash");
  const auto cc1 = builder.module("/usr/lib/cc1plus");
  const auto sh_stack = builder.stack({builder.address(sh, 0x10, {{"main", "", 0, false}})});
  const auto cc1_main = builder.address(cc1, 0x20, {{"toplev::main", "toplev.cc", 5, false}});
  const auto cc1_stack =
      builder.stack({cc1_main, builder.address(cc1, 0x30, {{"parse", "parser.cc", 9, false}})});
  model::Session& session = builder.session();
  session.command = {"make", "-j2", "all targets"};
  const auto add = [&](std::uint32_t pid, std::uint32_t ppid, const char* exe, double start,
                       std::uint64_t mib, model::StackId stack) -> model::Process& {
    model::Process& process = builder.process(pid, exe);
    process.ppid = ppid;
    process.start = start;
    process.duration = 1;
    process.totals = {
        .allocations = mib, .frees = mib, .allocated_bytes = mib * kMiB, .freed_bytes = mib * kMiB};
    process.heap.peak_bytes = mib * kMiB / 2;
    process.heap.peak_blocks = mib / 2;
    process.heap.peak_at = start + 0.5;
    count(process, Function::malloc_, mib, mib * kMiB, 0);
    process.sites = {{.stack = stack,
                      .allocations = mib,
                      .allocated_bytes = mib * kMiB,
                      .peak_bytes = mib * kMiB / 2,
                      .own_peak_bytes = mib * kMiB / 2}};
    return process;
  };
  add(100, 1, "/usr/bin/dash", 0, 2, sh_stack);
  add(101, 100, "/usr/bin/dash", 0.1, 4, sh_stack).exit_kind = model::ExitKind::exec;
  add(102, 100, "/usr/bin/dash", 0.2, 6, sh_stack);
  add(101, 100, "/usr/lib/cc1plus", 0.3, 200, cc1_stack);
  model::Process& killed = session.processes[2];
  killed.exit_kind = model::ExitKind::signaled;
  killed.exit_signal = 9;
  killed.heap.live_blocks = 1;
  killed.heap.live_bytes = kMiB;
  killed.sites[0].live_blocks = 1;
  killed.sites[0].live_bytes = kMiB;
  killed.totals.freed_bytes -= kMiB;
  killed.totals.frees -= 1;
  return session;
}

model::Session empty_session() {
  SessionBuilder builder;
  builder.session().command = {"true"};
  builder.process(7, "/usr/bin/true").duration = 0.002;
  return builder.session();
}

}  // namespace memwatch::testing
