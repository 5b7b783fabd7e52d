// operator new and delete in every form, each with a size of its own; one block stays.
#include <new>

#include "tests/hosts/host.h"

namespace {

constexpr auto kAlignment = std::align_val_t{64};

void plain_forms() {
  ::operator delete(keep(::operator new(10)));
  ::operator delete (keep(::operator new(20)), size_t{20});
  ::operator delete(keep(::operator new(30, std::nothrow)), std::nothrow);
  ::operator delete(keep(::operator new(40, kAlignment)), kAlignment);
  ::operator delete (keep(::operator new(50, kAlignment)), size_t{50}, kAlignment);
  ::operator delete(keep(::operator new(60, kAlignment, std::nothrow)), kAlignment, std::nothrow);
}

void array_forms() {
  ::operator delete[](keep(::operator new[](100)));
  ::operator delete[](keep(::operator new[](200)), size_t{200});
  ::operator delete[](keep(::operator new[](300, std::nothrow)), std::nothrow);
  ::operator delete[](keep(::operator new[](400, kAlignment)), kAlignment);
  ::operator delete[](keep(::operator new[](500, kAlignment)), size_t{500}, kAlignment);
  ::operator delete[](keep(::operator new[](600, kAlignment, std::nothrow)), kAlignment,
                      std::nothrow);
}

}  // namespace

int main() {
  plain_forms();
  array_forms();
  keep(::operator new(0));  // a block of 0 bytes that stays
  ::operator delete(nullptr);
  ::operator delete[](nullptr);
  say("done\n");
  return 0;
}
