// Is a frame of the allocator's, the containers' or the run time's? Reports say so themselves; of what
// the daemon answers the page guesses, by the most telling of the rules of
// collector/analysis/noise_frames.h. A wrong guess costs a shade of grey. Pure.
import { baseName } from "./frames";

const RUNTIME = /^(libc\.so|libc-2|ld-linux|ld-2|ld-musl|libc\.musl|libstdc\+\+\.so|libc\+\+(abi)?\.so|libgcc_s|libpthread|libm\.so)/;
const PREFIX = /^(operator (new|delete)|__libc_start_|start_thread|clone3?$|_start$|_?std::|__gnu_cxx::|__cxxabiv1::|__rust_|__rdl_|__rg_|<?(alloc|core)::|hashbrown::|<std::|<T as (alloc|core)::|_?PyMem_|_?PyObject_Malloc|g_slice_alloc)/;
const ALLOCATOR = /(malloc|calloc|realloc|zalloc|strn?dup|memdup)(0|0?_n|_?array|(_usable)?(_internal)?)?$/i;
const LIBRARY_SOURCE = /^\/(usr\/(include|lib)|rustc)\/|\/rustlib\/src\/rust\/library\//;

export function isPlumbing(name: string | null, file: string | null, module: string | null): boolean {
  if (RUNTIME.test(baseName(module ?? "")) || LIBRARY_SOURCE.test(file ?? "")) return true;
  if (name === null) return false;
  const own = withoutResultType(name);
  const plain = own.split("(", 1)[0]!;
  return PREFIX.test(own) || (plain.length <= 40 && !plain.includes(":") && ALLOCATOR.test(plain));
}

// "void std::vector<…>::push_back(…)" without "void ": demangled templates begin with their result.
function withoutResultType(name: string): string {
  let depth = 0;
  let begin = 0;
  for (let i = 0; i < name.length; ++i) {
    const c = name[i]!;
    if (c === "(" && depth === 0 && i > begin) break;
    if ("<({[".includes(c)) ++depth;
    else if (">)}]".includes(c)) depth = Math.max(0, depth - 1);
    else if (c === " " && depth === 0) {
      if (name.slice(begin, i).endsWith("operator")) break;
      begin = i + 1;
    }
  }
  return begin < name.length ? name.slice(begin) : name;
}
