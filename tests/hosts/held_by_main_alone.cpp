// Blocks that main's own stack holds, or held: a cycle of shared pointers, whose remains stay on
// the stack, and a block that a variable of main's points to until the end.
//
//   (nothing)   main returns: the cycle of two and the block of 7777 bytes are lost
//   exit        main calls exit: its variables are there, so the block is held
#include <cstdlib>
#include <cstring>
#include <memory>

#include "tests/hosts/host.h"

namespace {

struct Node {
  std::shared_ptr<Node> other;
  char room[900] = {};
};

}  // namespace

int main(int argc, char** argv) {
  char* volatile held = static_cast<char*>(malloc(7777));
  {
    const auto first = std::make_shared<Node>();
    const auto second = std::make_shared<Node>();
    first->other = second;
    second->other = first;
  }
  say("held at %s\n", held == nullptr ? "no address" : "an address");
  if (argc > 1 && strcmp(argv[1], "exit") == 0) exit(0);
  return 0;
}
