// The words that the gate's formats share, so that a rule reads the same in a terminal, a comment
// and an annotation. Internal to tools/render. Thread safety: pure functions. Errors: none.
#pragma once

#include <string>
#include <vector>

#include "collector/gate/gate_report.h"

namespace memwatch::render {

// "regressed: 2 of 6 metrics", "passed", "not measured" …
std::string gate_headline(const gate::GateReport& report);

// "3 runs", "3 runs and 5 more", "2 recorded sessions".
std::string runs_phrase(const gate::GateReport& report);

std::string metric_value(gate::Metric metric, std::uint64_t value);
std::string figure_value(gate::StackFigure figure, std::uint64_t value);
// "21.6 MiB", "21.6 MiB (21.0 MiB to 22.3 MiB)" where runs differ.
std::string metric_spread(gate::Metric metric, const gate::Spread& spread);
std::string figure_spread(gate::StackFigure figure, const gate::Spread& spread);
// "+2.4 MiB (+12.5 %)"; "" without a baseline.
std::string metric_change(const gate::MetricResult& result);
// "5 %", "10 % or 1.0 MiB", "nothing".
std::string allowance(const gate::MetricResult& result);
// "ok", "REGRESSED", "better", "over limit".
std::string verdict_word(const gate::MetricResult& result);

// The rule that decided, one sentence each without a full stop; empty where there is nothing to
// judge by.
std::vector<std::string> rule_sentences(const gate::MetricResult& result,
                                        const gate::GateReport& report);
// "ok", "FAILED", "not checked".
std::string_view limit_mark(const gate::StackLimitResult& result);
std::string limit_sentence(const gate::StackLimitResult& result);

// "parser (max_peak)".
std::string limit_title(const gate::StackLimitResult& result);

// "+2.4 MiB, from 1.1 MiB to 3.5 MiB", "+3.5 MiB, new".
std::string growth_phrase(gate::Metric metric, const gate::GrownStack& grown);
// "+12.0 KiB, from 1.0 KiB to 13.0 KiB, in stacks that the baseline does not list"; "" unless those
// have grown.
std::string unlisted_phrase(const gate::MetricResult& result);

// The command that takes the present figures as the new baseline; "" where none can be given.
std::string update_command(const gate::GateReport& report);

}  // namespace memwatch::render
