// operator new failing in each of its eight forms: each counts once, whether it throws or returns
// null. The exception object is memory of malloc, allocated and freed again.
#include <new>

#include "tests/hosts/host.h"

namespace {

volatile size_t huge = size_t{1} << 63;
constexpr auto kAlignment = std::align_val_t{128};

template <typename Allocation>
void expect_throw(const char* form, Allocation allocation) {
  try {
    keep(allocation());
    say("%s: succeeded\n", form);
  } catch (const std::bad_alloc& error) {
    say("%s: %s\n", form, error.what());
  }
}

void expect_null(const char* form, const void* result) {
  say("%s: %s\n", form, result == nullptr ? "null" : "succeeded");
}

}  // namespace

int main() {
  expect_throw("new", [] { return ::operator new(huge); });
  expect_throw("new[]", [] { return ::operator new[](huge); });
  expect_throw("new aligned", [] { return ::operator new(huge, kAlignment); });
  expect_throw("new[] aligned", [] { return ::operator new[](huge, kAlignment); });
  expect_null("new nothrow", ::operator new(huge, std::nothrow));
  expect_null("new[] nothrow", ::operator new[](huge, std::nothrow));
  expect_null("new aligned nothrow", ::operator new(huge, kAlignment, std::nothrow));
  expect_null("new[] aligned nothrow", ::operator new[](huge, kAlignment, std::nothrow));
  return 0;
}
