#include "collector/symbols/demangle.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace memwatch::symbols {
namespace {

TEST(Demangle, CppNamesKeepParametersAndTemplatesButNoReturnType) {
  EXPECT_EQ(demangle("_ZN2ns1C1mEi"), "ns::C::m(int)");
  EXPECT_EQ(demangle("_ZNK2ns1C1mEPKc"), "ns::C::m(char const*) const");
  EXPECT_EQ(demangle("_Z3maxIiET_S0_S0_"), "max<int>(int, int)");
  EXPECT_EQ(demangle("_ZN12_GLOBAL__N_13fooEv"), "(anonymous namespace)::foo()");
  EXPECT_EQ(demangle("_ZNSt6vectorIiSaIiEE9push_backEOi"),
            "std::vector<int, std::allocator<int> >::push_back(int&&)");
  EXPECT_EQ(demangle("_Znwm"), "operator new(unsigned long)");
  EXPECT_EQ(demangle("_Z3foov.part.0"), "foo() [clone .part.0]");
}

TEST(Demangle, RustNamesOfBothKindsLoseTheirHash) {
  EXPECT_EQ(demangle("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE"),
            "core::fmt::Formatter::pad");
  EXPECT_EQ(demangle("_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$"
                     "3bar17h930b740aa94f1d3aE"),
            "<Test + 'static as foo::Bar<Test>>::bar");
  EXPECT_EQ(demangle("_RNvC6_123foo3bar"), "123foo::bar");
  EXPECT_EQ(demangle("_RNvNtCs1234_7mycrate3mod3fun"), "mycrate::mod::fun");
  EXPECT_EQ(demangle("_RINvNtC3std3mem8align_ofdE"), "std::mem::align_of::<f64>");
}

TEST(Demangle, DNames) {
  EXPECT_EQ(demangle("_D8demangle4testFaZv"), "demangle.test(char)");
  EXPECT_EQ(demangle("_Dmain"), "D main");
}

TEST(Demangle, OtherNamesComeBackAsTheyWere) {
  for (const char* name : {"", "main", "_start", "_Z", "_R", "_D", "__libc_malloc", "_Zjunk",
                           "_Dx9", "_RNv", "_ZN", "_Z3fo", "operator", "\xff\xfe"}) {
    EXPECT_EQ(demangle(name), name);
  }
  EXPECT_EQ(demangle(std::string_view("_Z1fv\0x", 7)), std::string("_Z1fv\0x", 7));
}

TEST(Demangle, EndlessNamesAreCut) {
  const std::string plain(60000, 'x');
  EXPECT_EQ(demangle(plain).size(), kMaxDemangledLength + 3);
  for (const char* prefix : {"_Z", "_ZN", "_R", "_D", "_RNv", "_Z1f"}) {
    EXPECT_LE(demangle(prefix + plain).size(), kMaxDemangledLength + 3);
  }
}

TEST(Demangle, LongRealNamesAreStillDemangled) {
  std::string name = "_Z1f";
  for (int i = 0; i < 700; ++i) name += "4Type";
  EXPECT_TRUE(demangle(name).starts_with("f(Type, Type"));
}

// Each step refers twice to the one before: the text doubles with every few characters.
TEST(Demangle, NamesThatDoubleWithoutEndTakeNoTime) {
  std::string nested = "_Z";
  for (int i = 0; i < 60; ++i) nested += "cvT_IL_Z";
  nested += "1fv";
  for (int i = 0; i < 60; ++i) nested += "EEv";

  std::string parameters = "_Z1f1AIiiE";
  const std::string digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (std::size_t i = 0; i < 35; ++i) {
    parameters += std::string("1BIS") + digits[i] + "_S" + digits[i] + "_E";
  }

  std::string pack = "_Z1fDp1XI1AIiiE";  // looked through for a pack before anything is printed
  for (std::size_t i = 1; i < 35; ++i) {
    pack += std::string("S0_IS") + digits[i] + "_S" + digits[i] + "_E";
  }
  pack += "E";

  std::string rust = "_RNvYTi";  // a tuple of two back references to the tuple before, and so on
  for (int i = 0; i < 40; ++i) rust += "TB5_B5_E";

  std::string d_language = "_D1fF";
  for (int i = 0; i < 60; ++i) d_language += "S1a1bQbQcHQeQf";
  d_language += "Zv";

  const auto start = std::chrono::steady_clock::now();
  for (const std::string& name : {nested, parameters, pack, rust, d_language}) {
    EXPECT_LE(demangle(name).size(), kMaxDemangledLength + 3);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST(Demangle, DeepNestingFitsTheStackOfAThread) {
  std::thread([] {
    for (const char* piece :
         {"P",         "R",   "PF",    "N",    "1AI", "I",         "K",       "PK", "M",
          "A_",        "X",   "DT",    "L_Z",  "cv",  "J",         "S",       "T",  "B",
          "C",         "F",   "Dp",    "PFP",  "M1A", "A1_",       "ad",      "sz", "st",
          "XcvT_IL_Z", "Z1f", "Z1fvE", "UlvE", "dt",  "1AIXszL_Z", "(",       "H",  "D",
          "G",         "x",   "y",     "MF",   "U",   "NvC",       "INvC1a1b"}) {
      for (const char* prefix :
           {"_Z1f", "_Z", "_ZN", "_R", "_RINvC1a1b", "_D1f", "_D1fF", "_D1fM"}) {
        std::string name = prefix;
        while (name.size() + 8 < kMaxMangledLength) name += piece;
        EXPECT_LE(demangle(name).size(), kMaxDemangledLength + 3);
        EXPECT_LE(demangle(name + "iEv").size(), kMaxDemangledLength + 3);
      }
    }
  }).join();
}

TEST(Demangle, RandomChangesOfRealNamesNeverCrash) {
  std::mt19937 random(7);
  const std::string alphabet = "_ZNKSt0123456789EIiPRcvTLXDQBHFMJspr$.";
  const std::vector<std::string> seeds = {
      "_ZNSt8_Rb_treeIiSt4pairIKiSsESt10_Select1stIS2_ESt4lessIiESaIS2_EE8_M_eraseEPSt13_Rb_tree_"
      "nodeIS2_E",
      "_RINvNtC3std3mem8align_ofNtNtC3std3mem12DiscriminantE",
      "_D3std5range__T4iotaTiTiZQkFiiZ6Result8popFrontMFNaNbNiNfZv",
      "_ZN71_$LT$Test$u20$$u2b$$GT$3bar17h930b740aa94f1d3aE"};
  for (int round = 0; round < 20000; ++round) {
    std::string name = seeds[random() % seeds.size()];
    for (std::uint32_t i = 0; i < 1 + random() % 6; ++i) {
      const std::size_t at = 2 + random() % (name.size() - 2);
      const char letter = alphabet[random() % alphabet.size()];
      if (random() % 3 == 0) {
        name.insert(at, 1, letter);
      } else if (random() % 2 == 0) {
        name[at] = letter;
      } else {
        name.insert(at, name.substr(2 + random() % (name.size() - 2), 12));
      }
    }
    EXPECT_LE(demangle(name).size(), kMaxDemangledLength + 3);
  }
}

}  // namespace
}  // namespace memwatch::symbols
