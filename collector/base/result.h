// Result<T>: a value or an Error, with std::expected's vocabulary (C++20 has no std::expected and
// Debian no package of a stand-in). Used by everything in collector/ and tools/; never in preload/.
//
// An Error says what was attempted, on what, and why, so that `main` can print the one line
// `memwatch: attempted: subject: why` and, where there is one, the remedy.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace memwatch {

enum class ErrorKind {
  system,     // a system call failed
  not_found,  // the thing named does not exist
  damaged,    // input that is foreign, newer or broken beyond use
  usage,      // the caller asked for something that makes no sense
};

struct Error {
  ErrorKind kind = ErrorKind::system;
  std::string attempted;  // "open the session file"
  std::string subject;    // "/tmp/a.mw"
  std::string why;        // "No such file or directory"
  std::string remedy;     // optional: what to do about it

  // One line without a trailing newline: "attempted: subject: why (remedy)".
  [[nodiscard]] std::string to_line() const;
};

// An Error from errno (the value passed in, so that nothing in between can disturb it).
Error system_error(std::string attempted, std::string subject, int error_number);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  [[nodiscard]] bool has_value() const { return error_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] const Error& error() const { return std::get<1>(error_); }

 private:
  std::variant<std::monostate, Error> error_;
};

}  // namespace memwatch
