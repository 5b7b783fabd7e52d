#include "tools/notify/http_post.h"

#include <fmt/format.h>

#include <charconv>

#include "tools/notify/child_process.h"
#include "tools/notify/helper.h"
#include "tools/render/printable.h"

namespace memwatch::notify {

namespace {

using Result = Delivery::Result;

// Cuts the first line off `rest`; false: there is no whole one.
bool take_line(std::string_view& rest, std::string* line) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return false;
  *line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

Delivery read_answer(std::string_view answer) {
  while (!answer.empty() && answer.back() == '\n') answer.remove_suffix(1);
  const std::size_t blank = answer.find(' ');
  const std::string_view word = answer.substr(0, blank);
  const std::string rest(blank == std::string_view::npos ? "" : answer.substr(blank + 1));
  if (word == "http") {
    int status = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), status);
    return judge_http_status(status);
  }
  if (word == "retry" || word == "failed") {
    return {word == "retry" ? Result::retry : Result::failed, render::printable(rest)};
  }
  return {Result::retry, "what sends it gave no answer"};
}

}  // namespace

Delivery judge_http_status(int status) {
  const std::string text = fmt::format("HTTP status {}", status);
  if (status >= 200 && status < 300) return {Result::done, text};
  if (status >= 300 && status < 400) return {Result::failed, text + ": redirects are not followed"};
  // Request timeout, too early, too many requests; and whatever is the server's own trouble.
  const bool may_work_later = status == 408 || status == 425 || status == 429 || status >= 500;
  return {may_work_later ? Result::retry : Result::failed, text};
}

std::string encode_post(const daemon::HttpTarget& target, const std::string& path,
                        const std::string& body) {
  std::string input =
      fmt::format("{}{}\n{}\n{}\n", target.url, path, target.timeout.count(), target.ca);
  for (const auto& [name, value] : target.headers) input += name + ": " + value + "\n";
  return input + "\n" + body;
}

bool decode_post(const std::string& input, HttpPost* post) {
  std::string_view rest = input;
  std::string seconds, header;
  if (!take_line(rest, &post->url) || !take_line(rest, &seconds)) return false;
  const char* const end = seconds.data() + seconds.size();
  const auto [stop, error] = std::from_chars(seconds.data(), end, post->timeout_seconds);
  if (error != std::errc{} || stop != end || post->timeout_seconds <= 0) return false;
  if (!take_line(rest, &post->ca)) return false;
  while (take_line(rest, &header)) {
    if (header.empty()) {
      post->body = rest;
      return true;
    }
    post->headers.push_back(header);
  }
  return false;
}

Delivery post_json(const daemon::HttpTarget& target, const std::string& path,
                   const std::string& body, int stop) {
  constexpr std::chrono::seconds kToStartAndEnd{5};
  ChildRequest request;
  request.argv = helper_argv(Helper::post);
  request.input = encode_post(target, path, body);
  request.timeout = target.timeout + kToStartAndEnd;
  request.stop = stop;
  const ChildOutcome outcome = run_child(request);
  if (outcome.end == ChildOutcome::End::stopped) return {Result::stopped, {}};
  if (!outcome.is_success()) return {Result::retry, outcome.describe(request.timeout)};
  return read_answer(outcome.output);
}

}  // namespace memwatch::notify
