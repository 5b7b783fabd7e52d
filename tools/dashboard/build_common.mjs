// What both pages are built with: esbuild's options, the licences of what is in a bundle, and C++
// literals of any bytes.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export const here = dirname(fileURLToPath(import.meta.url));
const PARTS_OF_THE_PAGE = ["preact", "@preact/signals", "@preact/signals-core", "uplot"];

export const common = {
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none", // whole licences are in the page, see licences()
  logLevel: "warning",
  target: "es2022",
};

// A page's script and style sheet, as text.
export async function bundle(entry) {
  const result = await build({
    ...common,
    entryPoints: [entry],
    format: "iife",
    minify: true,
    outdir: "page",
    write: false,
  });
  const text = (ending) => result.outputFiles.find((file) => file.path.endsWith(ending)).text.trim();
  return { script: text(".js"), style: text(".css") };
}

export function licences() {
  return PARTS_OF_THE_PAGE.map((name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name}: no licence file`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}`;
  })
    .join("\n\n----\n\n")
    .replaceAll("--", "- -"); // ends no comment
}

const PIECE = 60_000; // bytes; C++ compilers need not take a literal of more than 65 536 characters

// Bytes as the members of an array of std::string_view.
export function literals(bytes) {
  const pieces = [];
  for (let start = 0; start < bytes.length; start += PIECE) pieces.push(literal(bytes.subarray(start, start + PIECE)));
  return pieces.join("\n");
}

function literal(bytes) {
  const lines = [];
  for (let start = 0; start < bytes.length; start += 96) {
    let line = "";
    for (const byte of bytes.subarray(start, start + 96)) {
      const c = String.fromCharCode(byte);
      if (c === '"' || c === "\\" || c === "?") line += `\\${c}`;
      else if (byte >= 0x20 && byte < 0x7f) line += c;
      else line += `\\${byte.toString(8).padStart(3, "0")}`;
    }
    lines.push(`        "${line}"`);
  }
  return `      {\n${lines.join("\n")},\n        ${bytes.length}},`;
}

