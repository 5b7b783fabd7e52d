#include "tools/notify/helper.h"

#include <string_view>

#include "tools/notify/http_post.h"
#include "tools/notify/locate.h"
#include "tools/notify/site_names.h"

namespace memwatch::notify {

namespace {

constexpr std::string_view kPost = "--helper=post", kLocate = "--helper=locate",
                           kFindNames = "--helper=find-names";

std::string_view option_of(Helper helper) {
  switch (helper) {
    case Helper::post:
      return kPost;
    case Helper::locate:
      return kLocate;
    case Helper::find_names:
      break;
  }
  return kFindNames;
}

}  // namespace

std::vector<std::string> helper_argv(Helper helper) {
  return {"/proc/self/exe", std::string(option_of(helper))};
}

std::optional<int> run_as_helper(int argc, char** argv) {
  if (argc != 2) return std::nullopt;
  if (argv[1] == kPost) return run_http_post();
  if (argv[1] == kLocate) return run_locate();
  if (argv[1] == kFindNames) return run_find_names();
  return std::nullopt;
}

}  // namespace memwatch::notify
