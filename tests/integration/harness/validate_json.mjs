// Is each JSON file what the schema says? Prints what is not, a line each; exit 1.
//
// usage: node validate_json.mjs PACKAGES SCHEMA FILE…
//   PACKAGES   a folder with package.json whose node_modules have ajv
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, schema, ...files] = process.argv.slice(2);
const { default: Ajv } = createRequire(join(packages, "package.json"))("ajv");
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const validate = new Ajv({ allErrors: true }).compile(read(schema));
for (const file of files) {
  if (validate(read(file))) continue;
  process.exitCode = 1;
  for (const error of validate.errors) console.log(`${file}: ${error.instancePath || "/"} ${error.message}`);
}
