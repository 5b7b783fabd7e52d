#include "collector/symbols/session_symbols.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <thread>

#include "tests/unit/symbols/fixtures.h"

namespace memwatch::symbols {
namespace {

// Every address of a few modules, exact ones and return addresses.
model::Session make_session() {
  model::Session session;
  for (const char* name : {"dwarf5.so", "no_debug.so", "dwarf4.so"}) {
    session.modules.push_back(module_at(fixture(name)));
    const auto module = static_cast<model::ModuleId>(session.modules.size() - 1);
    for (const std::uint64_t address : text_addresses(fixture(name))) {
      session.code_addresses.push_back({module, address, address % 2 == 0});
    }
  }
  session.modules.push_back({"[vdso]", ""});
  session.code_addresses.push_back(
      {static_cast<model::ModuleId>(session.modules.size() - 1), 0x700, false});
  session.code_addresses.push_back({model::kNone, 0x7f0000001000, false});
  session.code_addresses.push_back({9999, 0x1000, false});
  return session;
}

std::vector<model::CodeAddressId> all_of(const model::Session& session) {
  std::vector<model::CodeAddressId> ids(session.code_addresses.size());
  std::iota(ids.begin(), ids.end(), 0U);
  return ids;
}

TEST(SessionSymbols, GiveWhatTheSymbolizerGivesForEachAddress) {
  model::Session session = make_session();
  std::size_t last_done = 0;
  std::size_t last_total = 0;
  const auto caller = std::this_thread::get_id();
  const auto notes =
      symbolize_session(session, all_of(session), {}, [&](std::size_t done, std::size_t total) {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        EXPECT_LE(done, total);
        last_done = done;
        last_total = total;
      });
  EXPECT_EQ(last_done, last_total);
  EXPECT_GT(last_total, 500U);
  ASSERT_EQ(session.symbols.size(), session.code_addresses.size());
  Symbolizer symbolizer({});
  for (std::size_t i = 0; i < session.code_addresses.size(); ++i) {
    const auto& address = session.code_addresses[i];
    if (address.module >= session.modules.size()) continue;
    EXPECT_EQ(describe(session.symbols[i]),
              describe(symbolizer.symbolize(session.modules[address.module], address)));
  }
  ASSERT_EQ(notes.size(), 2U);  // in the order of the session's modules
  EXPECT_EQ(notes[0].module, fixture("no_debug.so"));
  EXPECT_EQ(notes[1].module, "[vdso]");
}

TEST(SessionSymbols, OnlyWhatIsWantedIsLookedUp) {
  model::Session session = make_session();
  const std::vector<model::CodeAddressId> wanted = {0, 40, 40, 41, 0xffffffff};
  symbolize_session(session, wanted, {});
  ASSERT_EQ(session.symbols.size(), session.code_addresses.size());
  EXPECT_FALSE(session.symbols[40].frames.empty());
  EXPECT_EQ(std::count_if(session.symbols.begin(), session.symbols.end(),
                          [](const model::Symbols& one) { return !one.frames.empty(); }),
            2);
}

TEST(SessionSymbols, FramesThatARecordingBroughtAreKept) {
  model::Session session = make_session();
  session.symbols.resize(session.code_addresses.size());
  session.symbols[40].frames.push_back({"from_the_recording", "far.cpp", 7, false});
  symbolize_session(session, all_of(session), {});
  EXPECT_EQ(describe(session.symbols[40]), "from_the_recording far.cpp:7");
}

TEST(SessionSymbols, NothingWantedIsDoneAtOnce) {
  model::Session session;
  int calls = 0;
  EXPECT_TRUE(
      symbolize_session(session, {}, {}, [&](std::size_t, std::size_t) { ++calls; }).empty());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(session.symbols.size(), 1U);
}

}  // namespace
}  // namespace memwatch::symbols
