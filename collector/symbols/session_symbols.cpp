#include "collector/symbols/session_symbols.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "collector/symbols/symbol_cache.h"
#include "collector/symbols/symbolizer.h"

namespace memwatch::symbols {
namespace {

constexpr unsigned int kMaxWorkers = 8;
constexpr auto kProgressPeriod = std::chrono::milliseconds(100);

// The addresses of one module: one worker's task, so that a module's debug information is read by
// one thread, once, and is gone from memory when the task is.
struct Task {
  model::ModuleId module = model::kNone;
  std::vector<model::CodeAddressId> addresses;
  std::vector<ModuleNote> notes;
  bool cut_short = false;
};

std::vector<Task> make_tasks(const model::Session& session,
                             std::span<const model::CodeAddressId> wanted) {
  std::vector<std::vector<model::CodeAddressId>> by_module(session.modules.size());
  std::vector<bool> taken(session.code_addresses.size());
  for (const model::CodeAddressId id : wanted) {
    if (id >= session.code_addresses.size() || taken[id]) continue;
    taken[id] = true;
    const model::ModuleId module = session.code_addresses[id].module;
    if (module == model::kNone || module >= session.modules.size()) continue;
    if (!session.symbols[id].frames.empty()) continue;
    by_module[module].push_back(id);
  }
  std::vector<Task> tasks;
  for (std::size_t module = 0; module < by_module.size(); ++module) {
    if (by_module[module].empty()) continue;
    // By address, so that each unit's debug information is visited once.
    std::sort(by_module[module].begin(), by_module[module].end(),
              [&](model::CodeAddressId a, model::CodeAddressId b) {
                return session.code_addresses[a].offset < session.code_addresses[b].offset;
              });
    tasks.push_back(
        {static_cast<model::ModuleId>(module), std::move(by_module[module]), {}, false});
  }
  // The largest first, so that it does not come last and leave the other workers idle.
  std::stable_sort(tasks.begin(), tasks.end(), [](const Task& a, const Task& b) {
    return a.addresses.size() > b.addresses.size();
  });
  return tasks;
}

// What the workers share. Entries of session.symbols are written by the one worker that has the
// module, and read by the caller only after the threads were joined.
struct Work {
  model::Session& session;
  const SymbolizeOptions& options;
  std::vector<Task> tasks;
  std::atomic<std::size_t> next{0};  // relaxed: hands out indices, publishes nothing
  std::atomic<std::size_t> done{0};  // relaxed: a number to show
  std::mutex mutex;
  std::condition_variable finished;
  std::size_t busy_workers = 0;  // guarded by mutex
};

void run_task(Work& work, Task& task) {
  const model::Module& module = work.session.modules[task.module];
  SymbolCache cache(work.options.cache_directory, module);
  Symbolizer symbolizer(work.options);
  std::vector<model::CodeAddressId> fresh;
  for (const model::CodeAddressId id : task.addresses) {
    const model::CodeAddress& address = work.session.code_addresses[id];
    if (const model::Symbols* known = cache.find(address); known != nullptr) {
      work.session.symbols[id] = *known;
    } else {
      work.session.symbols[id] = symbolizer.symbolize(module, address);
      fresh.push_back(id);
    }
    work.done.fetch_add(1, std::memory_order_relaxed);
  }
  task.notes = symbolizer.notes();
  // A note says that something is missing: it may be there next time.
  if (fresh.empty() || !task.notes.empty()) return;
  for (const model::CodeAddressId id : fresh) {
    cache.add(work.session.code_addresses[id], work.session.symbols[id]);
  }
  cache.save();
}

void run_worker(Work& work) {
  while (true) {
    const std::size_t index = work.next.fetch_add(1, std::memory_order_relaxed);
    if (index >= work.tasks.size()) break;
    try {
      run_task(work, work.tasks[index]);
    } catch (const std::exception&) {  // out of memory; what was found so far stays
      work.tasks[index].cut_short = true;
    }
  }
  const std::lock_guard lock(work.mutex);
  --work.busy_workers;
  work.finished.notify_one();
}

}  // namespace

std::vector<ModuleNote> symbolize_session(model::Session& session,
                                          std::span<const model::CodeAddressId> wanted,
                                          const SymbolizeOptions& options,
                                          const Progress& progress) {
  session.symbols.resize(session.code_addresses.size());
  Work work{session, options, make_tasks(session, wanted), {}, {}, {}, {}, 0};
  std::size_t total = 0;
  for (const Task& task : work.tasks) total += task.addresses.size();

  const std::size_t limit = std::clamp(std::thread::hardware_concurrency(), 1U, kMaxWorkers);
  const std::size_t workers = std::min<std::size_t>(limit, work.tasks.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < workers; ++i) {
      {
        const std::lock_guard lock(work.mutex);
        ++work.busy_workers;
      }
      try {
        threads.emplace_back(run_worker, std::ref(work));
      } catch (const std::system_error&) {  // no more threads to be had
        const std::lock_guard lock(work.mutex);
        --work.busy_workers;
        break;
      }
    }
    if (threads.empty() && workers > 0) {
      work.busy_workers = 1;
      run_worker(work);
    }
    std::unique_lock lock(work.mutex);
    while (!work.finished.wait_for(lock, kProgressPeriod, [&] { return work.busy_workers == 0; })) {
      if (progress) progress(work.done.load(std::memory_order_relaxed), total);
    }
  }
  if (progress) progress(total, total);

  std::sort(work.tasks.begin(), work.tasks.end(),
            [](const Task& a, const Task& b) { return a.module < b.module; });
  std::vector<ModuleNote> notes;
  for (Task& task : work.tasks) {
    notes.insert(notes.end(), std::make_move_iterator(task.notes.begin()),
                 std::make_move_iterator(task.notes.end()));
    if (task.cut_short) {
      notes.push_back({session.modules[task.module].path, ModuleNoteKind::damaged,
                       "symbolising it was given up: not enough memory"});
    }
  }
  return notes;
}

}  // namespace memwatch::symbols
