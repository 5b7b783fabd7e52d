#include "tools/top/keys.h"

#include <gtest/gtest.h>

#include <vector>

namespace memwatch::top {
namespace {

std::vector<KeyPress> keys_of(std::string_view bytes) {
  KeyReader reader;
  std::vector<KeyPress> keys;
  for (const char byte : bytes) {  // a terminal may hand them over one by one
    reader.feed({&byte, 1});
    while (const auto key = reader.next()) keys.push_back(*key);
  }
  return keys;
}

TEST(Keys, ArrowsComeInBothModesAndWithModifiers) {
  for (const char* up : {"\x1b[A", "\x1bOA", "\x1b[1;5A"}) {
    EXPECT_EQ(keys_of(up), (std::vector<KeyPress>{{Key::up, 0}})) << up;
  }
  EXPECT_EQ(keys_of("\x1b[5~\x1b[6~\x1b[H\x1b[4~x\r"), (std::vector<KeyPress>{{Key::page_up, 0},
                                                                              {Key::page_down, 0},
                                                                              {Key::home, 0},
                                                                              {Key::end, 0},
                                                                              {Key::letter, 'x'},
                                                                              {Key::enter, 0}}));
}

TEST(Keys, WhatIsNoneOfOursIsSwallowedWhole) {
  EXPECT_EQ(keys_of("\x1b[3~\x1b[20~\x1b[1;2R\x1bOP\xc3\xa9\x01q"),
            (std::vector<KeyPress>{{Key::letter, 'q'}}));
}

TEST(Keys, AnEscapeAloneIsAKeyOnceNothingFollows) {
  KeyReader reader;
  reader.feed("\x1b");
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.is_undecided());
  EXPECT_EQ(reader.settle(), (KeyPress{Key::escape, 0}));
  EXPECT_FALSE(reader.is_undecided());
  reader.feed("\x1bq");  // quickly one after the other
  EXPECT_EQ(reader.next(), (KeyPress{Key::escape, 0}));
  EXPECT_EQ(reader.next(), (KeyPress{Key::letter, 'q'}));
}

TEST(Keys, AnEndlessSequenceIsGivenUp) {
  KeyReader reader;
  reader.feed("\x1b[" + std::string(1000, '1'));
  EXPECT_FALSE(reader.next());
  reader.feed("q");
  EXPECT_EQ(reader.next(), (KeyPress{Key::letter, 'q'}));
}

}  // namespace
}  // namespace memwatch::top
