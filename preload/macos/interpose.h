// dyld's table of replacements: in every image of the process but this one, what is bound to `what`
// is bound to `with` instead. So in here the real functions go by their own names, and nothing has
// to be looked up. Read by dyld before any code runs; scripts/check-macos reads the built
// library's. A pair whose function the system lacks (weak_import) is passed over.
#pragma once

namespace memwatch::preload {

template <typename Function>
struct Replacement {
  Function* with;
  Function* what;
};

}  // namespace memwatch::preload

#define MEMWATCH_REPLACE(what, with)                                                               \
  [[gnu::used]] __attribute__((section("__DATA,__interpose"))) constinit static const ::memwatch:: \
      preload::Replacement<decltype(what)>                                                         \
          replacement_##with {                                                                     \
    &(with), &(what)                                                                               \
  }
