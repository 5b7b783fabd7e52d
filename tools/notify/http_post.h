// A POST of JSON, by a child process that exists only while something is sent: libcurl with what it
// needs (TLS, name services) would be the larger part of the daemon's memory. The child is memwatch
// itself (helper.h) and loads libcurl when it runs, so that nothing else has to.
//
//   child's standard input    URL \n TIMEOUT-SECONDS \n CA-FILE \n (NAME: VALUE \n)* \n BODY
//   its standard output       "http 204", or "retry WHY", or "failed WHY"
//
// Secrets are in the input alone: not in arguments, the environment, or what is printed.
// Source of the calls' meaning: https://curl.se/libcurl/c/
#pragma once

#include <string>

#include "collector/daemon/alert_config.h"
#include "tools/notify/channel.h"

namespace memwatch::notify {

// The daemon's side; blocks for target.timeout and a little more.
Delivery post_json(const daemon::HttpTarget& target, const std::string& path,
                   const std::string& body, int stop);

// The child's side: reads standard input, sends, answers on standard output. Returns the exit
// status.
int run_http_post();

// Of the answer's status: done, retry or failed.
Delivery judge_http_status(int status);

struct HttpPost {
  std::string url, body;
  std::string ca;                    // a file, "" the system's
  std::vector<std::string> headers;  // "Name: value"
  long timeout_seconds = 10;
};
// False: that is no request of ours.
bool decode_post(const std::string& input, HttpPost* post);
std::string encode_post(const daemon::HttpTarget& target, const std::string& path,
                        const std::string& body);

}  // namespace memwatch::notify
