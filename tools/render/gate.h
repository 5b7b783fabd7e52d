// The outputs of `memwatch gate`, one function per format.
//
// JSON: schema "memwatch.gate/1", see docs/gate.md. JUnit: a test case for the run, one for each
// metric and each limit of a stack budget; <error> where the program failed or could not be
// measured, <skipped> for what was not measured therefore. Markdown: for a comment or a step
// summary, below 60 KB. GitHub: workflow commands, at most ten errors and ten warnings (nine of
// each and how many more), which is what a step shows. Thread safety: read-only. Errors: the
// output's own.
#pragma once

#include <string>

#include "collector/gate/gate_report.h"
#include "tools/render/output.h"
#include "tools/render/render_options.h"

namespace memwatch::render {

void write_gate_text(const gate::GateReport& report, const RenderOptions& options, Output& output);
void write_gate_json(const gate::GateReport& report, Output& output);
void write_gate_junit(const gate::GateReport& report, Output& output);
void write_gate_markdown(const gate::GateReport& report, Output& output);

// workspace: the folder that file names are told relative to, "" for none (GITHUB_WORKSPACE).
void write_gate_github(const gate::GateReport& report, const std::string& workspace,
                       Output& output);

}  // namespace memwatch::render
