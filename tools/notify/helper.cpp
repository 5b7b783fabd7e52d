#include "tools/notify/helper.h"

#include <string_view>

#include "tools/notify/http_post.h"
#include "tools/notify/locate.h"

namespace memwatch::notify {

namespace {

constexpr std::string_view kPost = "--helper=post", kLocate = "--helper=locate";

}  // namespace

std::vector<std::string> helper_argv(Helper helper) {
  return {"/proc/self/exe", std::string(helper == Helper::post ? kPost : kLocate)};
}

std::optional<int> run_as_helper(int argc, char** argv) {
  if (argc != 2) return std::nullopt;
  if (argv[1] == kPost) return run_http_post();
  if (argv[1] == kLocate) return run_locate();
  return std::nullopt;
}

}  // namespace memwatch::notify
