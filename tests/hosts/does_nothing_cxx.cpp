// A C++ program that allocates nothing itself: what is counted is the C++ runtime's own reserve,
// the noise to subtract from the numbers of the other C++ hosts.
#include <new>

int main() {
  return std::get_new_handler() == nullptr ? 0 : 1;
}
