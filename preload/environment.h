// Carries the shim into the children of exec and posix_spawn, also when the program passes a
// cleared or rebuilt environment. Works on memory of the caller (its stack), because it runs in
// vfork children and signal handlers: nothing is allocated, nothing of the process is changed.
#pragma once

#include <cstddef>

namespace memwatch::preload {

class CarriedEnvironment {
 public:
  // `environment` may be null (the kernel takes that as empty).
  explicit CarriedEnvironment(char* const* environment);

  // Is the given environment fine as it is?
  [[nodiscard]] bool is_unchanged() const { return unchanged_; }
  // Bytes of scratch memory that build() needs.
  [[nodiscard]] std::size_t scratch_bytes() const;
  // The environment to pass on; lives in `scratch` (aligned for pointers).
  char* const* build(void* scratch) const;

 private:
  char* const* environment_;
  std::size_t entries_ = 0;
  const char* preload_ = nullptr;  // the given entry that preloads, null if none
  bool has_options_ = false;
  bool has_library_ = false;
  bool unchanged_ = false;
};

// Declares `name`: the environment to use in an exec-like call, built on the calling function's
// stack if need be.
#define MEMWATCH_CARRY(name, environment)                                    \
  const ::memwatch::preload::CarriedEnvironment name##_builder(environment); \
  char* const* name = name##_builder.is_unchanged()                          \
                          ? (environment)                                    \
                          : name##_builder.build(__builtin_alloca(name##_builder.scratch_bytes()))

}  // namespace memwatch::preload
