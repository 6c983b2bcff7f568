// One HPKE encapsulation for each record, on node:crypto: bundled before it is run. node hpke.js COUNT prints seconds
// for each record as JSON.

import { hpkeOpen, hpkeSeal } from "../../src/crypto/hpke.js";
import { native } from "../../src/crypto/native.js";
import { RECORD } from "./furnish.js";

const count = Number(process.argv[2]);
const info = new TextEncoder().encode("a record");
const key = native.agreementKey(native.randomBytes(32));
const record = native.randomBytes(RECORD);

const sealed = [];
const seal = timed(() => {
  for (let index = 0; index < count; index++) sealed.push(hpkeSeal(native, key.publicKey, info, record));
});
const open = timed(() => {
  for (const { enc, ciphertext } of sealed) {
    if (hpkeOpen(native, key, enc, info, ciphertext)?.length !== RECORD) throw new Error("a record was not opened");
  }
});
process.stdout.write(JSON.stringify({ seal, open }));

function timed(work) {
  const started = performance.now();
  work();
  return (performance.now() - started) / 1000 / count;
}
