// Internal to the HTML report: lists as columns, cut to the rows that lead in any of them.
// Thread safety: pure functions. Errors: none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "tools/render/json_writer.h"

namespace memwatch::render {

template <typename Row>
struct Column {
  std::string_view name;
  std::function<std::uint64_t(const Row&)> value;
  bool leads = true;  // rows that are large in it are kept, and the rest is summed
};

// The rows that are among the first `most` of any leading column, in their order.
template <typename Row>
std::vector<const Row*> leading_rows(const std::vector<Row>& rows,
                                     const std::vector<Column<Row>>& columns, std::size_t most) {
  std::vector<bool> leads(rows.size(), rows.size() <= most);
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (const Column<Row>& column : columns) {
    if (!column.leads || rows.size() <= most) continue;
    order.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (const std::uint64_t value = column.value(rows[i]); value > 0)
        order.emplace_back(value, i);
    }
    const auto keep = order.begin() + static_cast<std::ptrdiff_t>(std::min(most, order.size()));
    const auto larger = [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    };
    std::nth_element(order.begin(), keep, order.end(), larger);
    for (auto each = order.begin(); each != keep; ++each) leads[each->second] = true;
  }
  std::vector<const Row*> leading;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (leads[i]) leading.push_back(&rows[i]);
  }
  return leading;
}

// Members of an object: "count" of all rows, "columns" of those given, "rest" with the sums of the
// others ("count" among them).
template <typename Row>
void write_columns(JsonWriter& json, const std::vector<Row>& rows,
                   const std::vector<const Row*>& written,
                   const std::vector<Column<Row>>& columns) {
  json.member("count", rows.size());
  json.key("columns").begin_object();
  for (const Column<Row>& column : columns) {
    json.key(column.name).begin_array();
    for (const Row* row : written) json.number(column.value(*row));
    json.end_array();
  }
  json.end_object();
  json.key("rest").begin_object();
  json.member("count", rows.size() - written.size());
  for (const Column<Row>& column : columns) {
    if (!column.leads) continue;
    std::uint64_t sum = 0;
    for (const Row& row : rows) sum += column.value(row);
    for (const Row* row : written) sum -= column.value(*row);
    json.member(column.name, sum);
  }
  json.end_object();
}

}  // namespace memwatch::render
