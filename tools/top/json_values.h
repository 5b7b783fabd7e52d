// Members of JSON objects that another program wrote, read without believing that they are there.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace memwatch::top {

using Json = nlohmann::json;

// The whole text; discarded (is_discarded()) where it is no JSON.
Json parse_json(std::string_view text);

// A null value where there is no such member, or `object` is none.
const Json& member(const Json& object, const char* key);

std::uint64_t count_in(const Json& object, const char* key);  // 0: none, negative, a fraction
double real_in(const Json& object, const char* key);          // 0: none
std::string text_in(const Json& object, const char* key);     // "": none

// The pid in it; 0 none that can be one.
std::int32_t pid_in(const Json& object, const char* key);

}  // namespace memwatch::top
