// node small-files.js FROM TO - the limit for many small files: each is read, written under a temporary name, flushed
// and linked to its name, and the directory is flushed. No cryptography.

import { closeSync, fsyncSync, linkSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";

const [from, to] = process.argv.slice(2);
for (const name of readdirSync(from)) {
  const bytes = readFileSync(join(from, name));
  const temporary = join(to, `.${name}.tmp`);
  const sink = openSync(temporary, "wx", 0o600);
  writeSync(sink, bytes);
  fsyncSync(sink);
  closeSync(sink);
  linkSync(temporary, join(to, `${name}.sealed`));
  unlinkSync(temporary);
  const directory = openSync(to, "r");
  fsyncSync(directory);
  closeSync(directory);
}
