// What is said on the daemon's control socket, and the side that asks. One question, one answer,
// then the connection is closed:
//
//   question  each word followed by a newline ("watch\nadd\nserver\n"), then the end of the stream
//   answer    the exit status as a number, a newline, and the text: for standard output where the
//             status is 0 or 1 (what was asked for has failed), else the one line that says what is
//             wrong
//
// Any thread. Errors: kind not_found where no daemon listens.
#pragma once

#include <string>
#include <vector>

#include "collector/base/result.h"

namespace memwatch::server {

struct ControlAnswer {
  int status = 0;
  std::string text;
};

inline constexpr std::size_t kMaxQuestionBytes = 64U << 10;

// Asks the daemon of this user and waits for the answer (control_question.h).
Result<ControlAnswer> ask_daemon(const std::vector<std::string>& words);

// Both directions of the format; false for what is none of it.
std::string encode_answer(const ControlAnswer& answer);
bool decode_answer(const std::string& bytes, ControlAnswer* answer);
bool decode_question(const std::string& bytes, std::vector<std::string>* words);

}  // namespace memwatch::server
