// node library-seal.js DIST KEY INPUT OUTPUT sync|nosync - one signed seal through the library, with or without
// flushing the output to disk.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [dist, keyFile, input, output, sync] = process.argv.slice(2);
const { Identity, seal } = await import(pathToFileURL(`${dist}/index.js`).href);
const identity = await Identity.parse(readFileSync(keyFile));
const target = { path: output, ...(sync === "nosync" && { sync: false }) };
await seal({ path: input }, target, { to: [identity.recipient], sign: identity });
