// glibc answers by _dl_find_object, lock-free. Elsewhere (musl, glibc before 2.35) the loader's own
// list of objects is read: the kernel copies each entry, which fails cleanly should it be gone, and
// what was read is kept. musl never unloads anything, so what is kept stays true; for a glibc
// without _dl_find_object this list is not used, since there it would not.
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include <atomic>
#include <cstring>

#include "preload/backed_memory.h"
#include "preload/c_library.h"
#include "preload/code_objects.h"
#include "preload/readable_memory.h"

// glibc's dl_find_object, which the headers of others do not have.
struct FoundObject {
  unsigned long long flags;
  void *start, *end;
  link_map* map;
  void* unwind_table;
  unsigned long long reserved[7];
};
extern "C" int memwatch_dl_find_object(void* address, FoundObject* result) asm("_dl_find_object")
    __attribute__((weak));

namespace memwatch::preload {

namespace {

constexpr std::uint32_t kMaxListed = 4096;

// Append-only: complete when `count` says so (release in list_new, acquire in find_listed).
struct List {
  std::atomic<std::uint32_t> count;
  std::atomic<std::uint32_t> is_growing;
  const link_map* last;  // of those listed
  CodeObject objects[kMaxListed];
};
constinit std::atomic<List*> g_list{nullptr};
constinit const link_map* g_first = nullptr;

// The program's bounds, once they were asked for; `end` counts where `start` is not 0.
constinit std::atomic<std::uintptr_t> g_program_start{0}, g_program_end{0};

// From the program headers; they, and the pages they speak of, are checked by the copy.
bool describe(const ElfW(Phdr) * headers, unsigned count, CodeObject* object) {
  constexpr unsigned kMost = 32;
  ElfW(Phdr) copy[kMost];
  if (count == 0 || count > kMost || !copy_memory(copy, headers, count * sizeof copy[0])) {
    return false;
  }
  object->start = UINTPTR_MAX;
  for (unsigned i = 0; i < count; ++i) {
    const std::uintptr_t at = object->bias + copy[i].p_vaddr;
    if (copy[i].p_type == PT_LOAD) {
      if (at < object->start) object->start = at & ~std::uintptr_t{4095};
      if (at + copy[i].p_memsz > object->end) object->end = at + copy[i].p_memsz;
    }
    if (copy[i].p_type == PT_GNU_EH_FRAME && copy[i].p_memsz >= 12) {
      object->unwind_table = reinterpret_cast<const std::uint8_t*>(at);
    }
  }
  return object->start < object->end;
}

// The ELF header lies at the bias; where a program was linked for fixed addresses, that is zero,
// and the kernel has told where its program headers are.
bool describe_entry(const link_map& entry, bool is_program, CodeObject* object) {
  *object = CodeObject{0, 0, static_cast<std::uintptr_t>(entry.l_addr), entry.l_name, nullptr};
  if (is_program) object->name = "";
  if (entry.l_addr == 0) {
    return describe(reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR)),
                    static_cast<unsigned>(getauxval(AT_PHNUM)), object);
  }
  ElfW(Ehdr) header;
  const auto* at = reinterpret_cast<const char*>(entry.l_addr);
  if (!copy_memory(&header, at, sizeof header) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return false;
  }
  return describe(reinterpret_cast<const ElfW(Phdr)*>(at + header.e_phoff), header.e_phnum, object);
}

// Of a program whose segments have gaps between them glibc tells the one segment that was asked
// about (libraries have none: the loader maps over them). The tables lie in another one. Its
// headers are read once, so that a sandbox that comes later does no harm.
void widen_to_program(const link_map& program, CodeObject* object) {
  std::uintptr_t start = g_program_start.load(std::memory_order_acquire);
  if (start == 0) {
    CodeObject whole{};
    if (!describe_entry(program, true, &whole)) return;
    g_program_end.store(whole.end, std::memory_order_relaxed);
    g_program_start.store(start = whole.start, std::memory_order_release);  // in widen_to_program
  }
  const std::uintptr_t end = g_program_end.load(std::memory_order_relaxed);
  if (object->start < start || object->end > end) return;
  object->start = start;
  object->end = end;
}

bool is_program_without_tables(const CodeObject& object) {
  const auto at = reinterpret_cast<std::uintptr_t>(object.unwind_table);
  return (at < object.start || at >= object.end) && object.name != nullptr && object.name[0] == 0;
}

// Lists what the loader has got since. One thread at a time; another goes by what is there.
void list_new(List& list) {
  if (list.is_growing.exchange(1, std::memory_order_acquire) != 0) return;
  const link_map* next = g_first;
  link_map entry{};
  if (list.last != nullptr) {
    next = copy_memory(&entry, list.last, sizeof entry) ? entry.l_next : nullptr;
  }
  for (unsigned i = 0; i < kMaxListed && next != nullptr; ++i) {
    if (!copy_memory(&entry, next, sizeof entry)) break;
    const std::uint32_t count = list.count.load(std::memory_order_relaxed);
    if (count == kMaxListed) break;
    if (describe_entry(entry, next == g_first, &list.objects[count])) {
      list.count.store(count + 1, std::memory_order_release);
    }
    list.last = next;
    next = entry.l_next;
  }
  list.is_growing.store(0, std::memory_order_release);
}

// The latest first: where a library could not be loaded after all, its addresses are free again.
bool find_listed(const List& list, std::uintptr_t address, CodeObject* object) {
  for (std::uint32_t i = list.count.load(std::memory_order_acquire); i-- > 0;) {
    if (address >= list.objects[i].start && address < list.objects[i].end) {
      *object = list.objects[i];
      return true;
    }
  }
  return false;
}

// Of a note's parts.
constexpr std::uint64_t round_up_to_4(std::uint64_t bytes) {
  return (bytes + 3) / 4 * 4;
}

}  // namespace

// Finds the build id in the module's own program headers. The first page of a module holds its ELF
// header and program headers in every layout linkers make; anything else is left without an id.
std::uint8_t read_build_id(const CodeObject& object, std::uint8_t (&id)[23]) {
  const std::uintptr_t start = object.start;
  const std::uintptr_t end = object.end;
  if (end - start < sizeof(ElfW(Ehdr))) return 0;
  const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(start);
  if (std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return 0;
  if (header->e_phoff > 4096 || header->e_phnum > 64) return 0;
  const auto* segments = reinterpret_cast<const ElfW(Phdr)*>(start + header->e_phoff);
  if (start + header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) > end) return 0;
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    if (segments[i].p_type != PT_NOTE) continue;
    std::uintptr_t at = object.bias + segments[i].p_vaddr;
    const std::uintptr_t notes_end = at + segments[i].p_memsz;
    if (at < start || notes_end > end || notes_end < at) continue;
    while (at + sizeof(ElfW(Nhdr)) <= notes_end) {
      const auto* note = reinterpret_cast<const ElfW(Nhdr)*>(at);
      const std::uintptr_t name = at + sizeof *note;
      const std::uintptr_t content = name + round_up_to_4(note->n_namesz);
      if (content + note->n_descsz > notes_end) break;
      if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
          std::memcmp(reinterpret_cast<const char*>(name), "GNU", 4) == 0 &&
          note->n_descsz <= sizeof id) {
        std::memcpy(id, reinterpret_cast<const void*>(content), note->n_descsz);
        return static_cast<std::uint8_t>(note->n_descsz);
      }
      at = content + round_up_to_4(note->n_descsz);
    }
  }
  return 0;
}

void prepare_code_objects() {
  if (memwatch_dl_find_object != nullptr || is_glibc() || g_first != nullptr) return;
  auto* list = static_cast<List*>(map_private(sizeof(List)));
  void* program = dlopen(nullptr, RTLD_LAZY);
  if (list == nullptr || program == nullptr) return;
  static_assert(sizeof(link_map) >= 5 * sizeof(void*));
  g_first = static_cast<const link_map*>(program);  // as dlinfo would say, which musl does not need
  g_list.store(list, std::memory_order_release);
}

bool find_code_object(std::uintptr_t address, CodeObject* object) {
  if (memwatch_dl_find_object != nullptr) {
    FoundObject found{};
    if (memwatch_dl_find_object(reinterpret_cast<void*>(address), &found) != 0) return false;
    *object = CodeObject{reinterpret_cast<std::uintptr_t>(found.start),
                         reinterpret_cast<std::uintptr_t>(found.end),
                         static_cast<std::uintptr_t>(found.map->l_addr), found.map->l_name,
                         static_cast<const std::uint8_t*>(found.unwind_table)};
    if (is_program_without_tables(*object)) widen_to_program(*found.map, object);
    return true;
  }
  List* list = g_list.load(std::memory_order_acquire);
  if (list == nullptr) return false;
  if (find_listed(*list, address, object)) return true;
  list_new(*list);
  return find_listed(*list, address, object);
}

}  // namespace memwatch::preload
