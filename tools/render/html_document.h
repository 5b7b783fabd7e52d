// The data of the HTML report as one JSON document, "schema": "memwatch.html/1". It belongs to the
// page of the same version (tools/dashboard/src/data/document.ts has its type) and is no interface
// for others: programs read the JSON report.
//
// Small by construction: strings, frames and stacks are written once and referred to by number,
// rows are columns, flame graphs are folded (collector/analysis/flame_tree.h), and lists are cut to
// the rows that lead in any of their columns, with one row that sums the rest; so sums stay exact.
// A scope is what the page can be narrowed to: scope 0 is the whole selection, then one for each
// of its processes, the largest first, as many as kMostScopes. The memory that an image held when
// exec replaced it is not among what scope 0 calls not freed, as in the text reports.
// Units: bytes, seconds since the session's start. Thread safety: as the selection's.
// Errors: the output's own.
#pragma once

#include "tools/render/html_report.h"

namespace memwatch::render {

inline constexpr std::size_t kMostScopes = 100;  // of single processes

void write_html_document(const analysis::Selection& selection, const HtmlOptions& options,
                         Output& output);

}  // namespace memwatch::render
