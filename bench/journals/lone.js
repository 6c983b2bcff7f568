// node lone.js DIST SIGNER RECIPIENT JOURNAL COUNT - a journal in which each record has a frame to itself.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { RECORD } from "./furnish.js";

const [dist, signerFile, recipientFile, path, count] = process.argv.slice(2);
const { Identity, JournalWriter } = await import(pathToFileURL(`${dist}/index.js`).href);
const signer = await Identity.parse(readFileSync(signerFile));
const [recipient] = /seal1\w+/.exec(readFileSync(recipientFile, "utf8"));
const writer = await JournalWriter.open({ path }, { to: [recipient], sign: signer });
for (let index = 0; index < Number(count); index++)
  await writer.append(Buffer.from(randomBytes(RECORD / 2).toString("hex")));
await writer.close();
