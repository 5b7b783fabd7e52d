#include "collector/symbols/image.h"

#include <fmt/format.h>

#include <utility>

#include "collector/symbols/build_id.h"
#include "collector/symbols/debug_file_search.h"
#include "collector/symbols/debuginfod_client.h"

namespace memwatch::symbols {
namespace {

// The kernel appends this to the path of a mapped file that was unlinked.
constexpr std::string_view kDeleted = " (deleted)";

ImageLookup refuse(const model::Module& module, ModuleNoteKind kind, std::string text) {
  return {std::nullopt, ModuleNote{module.path, kind, std::move(text)}};
}

// Fills in image.debug_file from this machine or, if wanted, from a server.
void find_debug_information(Image& image, const SymbolizeOptions& options) {
  const auto roots = debug_roots(options.debug_paths);
  image.debug_file = image.main_file ? find_debug_file(*image.main_file, image.build_id, roots)
                                     : find_debug_file_by_build_id(image.build_id, roots);
  if (image.debug_file || !options.use_debuginfod) return;
  auto downloaded = download_debug_file(image.build_id);
  if (!downloaded) {
    const Error& error = downloaded.error();
    image.download_failure =
        error.remedy.empty() ? error.why : fmt::format("{} ({})", error.why, error.remedy);
  } else if (build_id_of(downloaded->get()) != image.build_id) {
    image.download_failure = "the server sent the file of another build";
  } else {
    image.debug_file = std::move(downloaded).value();
  }
}

}  // namespace

const ElfFile* Image::with_debug_info() const {
  if (debug_file && debug_file->has_debug_info()) return &*debug_file;
  if (main_file && main_file->has_debug_info()) return &*main_file;
  return nullptr;
}

CodeRanges Image::code_ranges() const {
  return main_file ? main_file->code_ranges() : debug_file->code_ranges();
}

ImageLookup open_image(const model::Module& module, const SymbolizeOptions& options) {
  if (module.path.empty()) {
    return refuse(module, ModuleNoteKind::unavailable, "code without a file: made at run time");
  }
  if (module.path.front() != '/') {
    return refuse(module, ModuleNoteKind::unavailable, "not a file: provided by the kernel");
  }

  Image image;
  image.build_id = module.build_id;
  ModuleNote problem{module.path, ModuleNoteKind::unavailable, {}};
  if (module.path.ends_with(kDeleted)) {
    problem.text = "the file was deleted while it was in use";
  } else if (auto file = ElfFile::open(module.path); !file) {
    const bool damaged = file.error().kind == ErrorKind::damaged;
    problem.kind = damaged ? ModuleNoteKind::damaged : ModuleNoteKind::unavailable;
    problem.text = file.error().kind == ErrorKind::not_found
                       ? "the file is gone"
                       : fmt::format("the file cannot be read: {}", file.error().why);
  } else {
    const std::string build_id = build_id_of(file->get());
    if (!module.build_id.empty() && build_id != module.build_id) {
      problem.kind = ModuleNoteKind::changed;
      problem.text = fmt::format(
          "the file was rebuilt or replaced after the recording (build id {}, recorded {})",
          build_id.empty() ? "none" : build_id, module.build_id);
    } else {
      image.build_id = build_id;
      image.main_file = std::move(file).value();
    }
  }

  if (!image.main_file || !image.main_file->has_debug_info()) {
    find_debug_information(image, options);
  }
  if (!image.main_file && !image.debug_file) {
    if (is_build_id(image.build_id)) {
      problem.text += fmt::format("; its debug file would help, looked for as {}",
                                  build_id_path("/usr/lib/debug", image.build_id, ".debug"));
    }
    return {std::nullopt, std::move(problem)};
  }
  return {std::move(image), std::nullopt};
}

}  // namespace memwatch::symbols
