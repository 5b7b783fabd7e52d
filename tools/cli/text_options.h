// What every command that prints text shares: --color, and how wide and colourful its text may be.
// Thread safety: none. Errors: none.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tools/render/render_options.h"

namespace memwatch::cli {

struct TextOptions {
  std::string color = "auto";
};

void add_text_options(CLI::App& app, TextOptions& options);

// For text that goes to `fd`. Width: COLUMNS, else the terminal's, else 100.
render::RenderOptions render_options(const TextOptions& options, int fd);

std::size_t text_width(int fd);

}  // namespace memwatch::cli
