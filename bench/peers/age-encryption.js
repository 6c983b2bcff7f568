// node age-encryption.js keygen KEYFILE | encrypt KEYFILE INPUT OUTPUT | decrypt KEYFILE INPUT OUTPUT - the age format
// in JavaScript, as a stream from file to file.

import { createReadStream, createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { Readable, Writable } from "node:stream";
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";

const [verb, keyFile, input, output] = process.argv.slice(2);
if (verb === "keygen") {
  writeFileSync(keyFile, await generateX25519Identity(), { mode: 0o600 });
} else {
  const identity = readFileSync(keyFile, "utf8");
  const source = Readable.toWeb(createReadStream(input, { highWaterMark: 256 * 1024 }));
  const result = verb === "encrypt" ? await encrypt(identity, source) : await decrypt(identity, source);
  await result.pipeTo(Writable.toWeb(createWriteStream(output)));
}

async function encrypt(identity, source) {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  return encrypter.encrypt(source);
}

async function decrypt(identity, source) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return decrypter.decrypt(source);
}
