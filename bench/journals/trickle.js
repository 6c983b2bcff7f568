// node trickle.js DIST SIGNER RECIPIENT JOURNAL COUNT INTERVAL DELAY - records that come one by one, every INTERVAL
// milliseconds, each flush DELAY milliseconds longer than it is. Prints how long each acknowledgement took, and how
// long its flush, as JSON, in milliseconds.

import { randomBytes } from "node:crypto";
import fs, { readFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { RECORD } from "./furnish.js";

const [dist, signerFile, recipientFile, path, count, interval, delay] = process.argv.slice(2);

let flushed = 0;
const { fdatasync } = fs;
fs.fdatasync = (fd, callback) => {
  const started = performance.now();
  fdatasync(fd, (error) => {
    const done = () => {
      flushed = performance.now() - started;
      callback(error);
    };
    if (Number(delay) > 0) setTimeout(done, Number(delay));
    else done();
  });
};
syncBuiltinESMExports();

const { Identity, JournalWriter } = await import(pathToFileURL(`${dist}/index.js`).href);
const signer = await Identity.parse(readFileSync(signerFile));
const [recipient] = /seal1\w+/.exec(readFileSync(recipientFile, "utf8"));
const writer = await JournalWriter.open({ path }, { to: [recipient], sign: signer });
const took = [];
for (let index = 0; index < Number(count); index++) {
  const started = performance.now();
  flushed = 0;
  await writer.append(randomBytes(RECORD));
  took.push({ acknowledged: performance.now() - started, flushed });
  await sleep(Number(interval));
}
await writer.close();
process.stdout.write(JSON.stringify(took));
