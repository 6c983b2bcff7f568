// One age file for each record, by the npm package. node age-encryption.js COUNT prints seconds for each record as
// JSON.

import { randomBytes } from "node:crypto";
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { RECORD } from "./furnish.js";

const count = Number(process.argv[2]);
const identity = await generateX25519Identity();
const encrypter = new Encrypter();
encrypter.addRecipient(await identityToRecipient(identity));
const decrypter = new Decrypter();
decrypter.addIdentity(identity);
const record = randomBytes(RECORD);

const sealed = [];
const seal = await timed(async () => {
  for (let index = 0; index < count; index++) sealed.push(await encrypter.encrypt(record));
});
const open = await timed(async () => {
  for (const file of sealed) {
    if ((await decrypter.decrypt(file)).length !== RECORD) throw new Error("a record was not opened");
  }
});
process.stdout.write(JSON.stringify({ seal, open }));

async function timed(work) {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000 / count;
}
