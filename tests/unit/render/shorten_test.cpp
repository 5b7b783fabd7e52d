#include "tools/render/shorten.h"

#include <gtest/gtest.h>

#include "tools/render/printable.h"

namespace memwatch::render {
namespace {

TEST(Shorten, WhatFitsStaysAsItIs) {
  EXPECT_EQ(shorten_function("app::load(int)", 20), "app::load(int)");
}

TEST(Shorten, WellKnownTypesAreSpelledBriefly) {
  EXPECT_EQ(shorten_function("load(std::__cxx11::basic_string<char, std::char_traits<char>, "
                             "std::allocator<char> > const&)",
                             60),
            "load(std::string const&)");
}

TEST(Shorten, ParametersFoldBeforeTemplateArgumentsAndThoseBeforeTheMiddle) {
  const char* const name = "ns::Table<int, Allocator<int> >::insert(Key const&, Value const&)";
  EXPECT_EQ(shorten_function(name, 45), "ns::Table<int, Allocator<int> >::insert(…)");
  EXPECT_EQ(shorten_function(name, 25), "ns::Table<…>::insert(…)");
  EXPECT_EQ(shorten_function(name, 11), "ns::T…rt(…)");
}

TEST(Shorten, OperatorsAreNotBrackets) {
  EXPECT_EQ(shorten_function("ns::operator<< <std::vector<int> >(Stream&, int)", 30),
            "ns::operator<< <…>(…)");
  EXPECT_EQ(shorten_function("Handle<int>::operator->() const volatile", 38),
            "Handle<…>::operator->() const volatile");
}

TEST(Shorten, UnbalancedTextIsOnlyCut) {
  EXPECT_EQ(display_width(shorten_function("a>>>>b<<<(((x", 6)), 6U);
  EXPECT_EQ(display_width(shorten_function(std::string(60000, '<'), 30)), 30U);
}

TEST(Shorten, MiddleCutsKeepTheWidthExactly) {
  EXPECT_EQ(shorten_middle("abcdefghij", 5), "ab…ij");
  EXPECT_EQ(shorten_middle("abcdefghij", 1), "…");
  EXPECT_EQ(shorten_middle("abcdefghij", 0), "");
  EXPECT_EQ(shorten_end("abcdefghij", 4), "abc…");
}

TEST(Shorten, PathsKeepTheFolderWhereTheFileNameSaysNothing) {
  EXPECT_EQ(short_path("/src/server/table.cpp"), "table.cpp");
  EXPECT_EQ(short_path("/src/server/mod.rs"), "server/mod.rs");
  EXPECT_EQ(short_path("json/__init__.py"), "json/__init__.py");
  EXPECT_EQ(short_path("table.cpp"), "table.cpp");
  EXPECT_EQ(short_path("/mod.rs"), "mod.rs");
  EXPECT_EQ(short_path(""), "");
}

TEST(Shorten, CommandLinesCanBePastedIntoAShell) {
  EXPECT_EQ(command_line({"./server", "--name", "two words", "it's", ""}),
            "./server --name 'two words' 'it'\\''s' ''");
}

}  // namespace
}  // namespace memwatch::render
