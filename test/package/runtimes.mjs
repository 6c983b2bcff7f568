// What other runtimes than Node make of the packed library, in whose folder this is: the library for browsers works,
// and the one for Node says that it does not. Usage: RUNTIME runtimes.mjs NAME

import assert from "node:assert/strict";

const [name] = process.argv.slice(2);
const { Identity, JournalReader, open, SealError, seal, verify } = await import(`${name}/web`);

const { identity: sender } = await Identity.generate();
const { identity: reader } = await Identity.generate({ accept: [sender.signer] });
const plaintext = new Uint8Array(9_000_000).map((_, i) => 31 * i + (i >> 8));

/** What is written, together. */
async function collected(work) {
  const parts = [];
  await work(async (bytes) => void parts.push(bytes.slice()));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

const sealed = await collected((out) => seal(plaintext, out, { to: [reader.recipient], sign: sender, label: "x" }));
assert.equal((await verify(new Blob([sealed]), { from: [sender.signer], label: "x" })).bytes, plaintext.length);
const opened = await collected((out) => open(new Blob([sealed]), out, { keys: [reader], label: "x" }));
assert.ok(Buffer.from(opened).equals(plaintext));

const altered = Uint8Array.from(sealed);
altered[5_000_000] ^= 1;
let released = 0;
const count = async (bytes) => {
  released += bytes.length;
};
await assert.rejects(open(altered, count, { keys: [reader] }), (error) => {
  return error instanceof SealError && error.code === "tampered" && error.chunk === 1;
});
assert.equal(released, 4 * 1024 * 1024);
await assert.rejects(
  async () => {
    for await (const _ of await JournalReader.open(new Blob([sealed]), { keys: [reader] }));
  },
  { code: "malformed" },
);

const { Identity: ForNode } = await import(name);
await assert.rejects(ForNode.generate(), { code: "usage", message: /does not run on (Deno|Bun)/ });
console.log(`${name}/web: well`);
