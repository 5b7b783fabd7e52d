#include "tests/unit/preload/shim_in_process.h"

#include <unistd.h>

#include "preload/module_table.h"
#include "preload/process_state.h"
#include "preload/real_functions.h"
#include "preload/record.h"
#include "preload/stack_tree.h"
#include "preload/thread_ring.h"

namespace memwatch::preload {

// The recording part asks for this when a process is not set up yet: here the test has the say.
void start_process_slow() {}

// Nothing is interposed, so there are none; a request to trim is answered without them.
constinit RealFunctions g_real{};

}  // namespace memwatch::preload

namespace memwatch::preload_testing {

using namespace preload;

namespace {

void forget_everything() {
  forget_rings_in_child(false);
  forget_modules();
  for (auto& ring : t_state.rings) ring = nullptr;
  t_state.idle_counters = nullptr;
  g_process.sequenced.store(0);
}

}  // namespace

ShimInProcess::ShimInProcess(const intake::Segment& segment) {
  forget_everything();
  g_process.segment = &segment.header();
  g_process.pid = static_cast<std::uint32_t>(getpid());
  segment.header().modules_used.store(1);
  start_stack_tree();
  g_process.phase.store(Phase::ready, std::memory_order_release);
}

ShimInProcess::~ShimInProcess() {
  g_process.phase.store(Phase::off, std::memory_order_release);
  forget_everything();
  g_process.segment = nullptr;
}

[[gnu::noinline]] void record_malloc(std::uint64_t address, std::size_t size) {
  record_allocation(Function::malloc_, reinterpret_cast<const void*>(address), size,
                    MEMWATCH_CALL_SITE());
}

void record_free(std::uint64_t address) {
  record_deallocation(Function::free_, reinterpret_cast<const void*>(address));
}

}  // namespace memwatch::preload_testing
