// A program that uses the library, on whose memory the thief comes. It does what its argument says, says so, and waits.

import { readFileSync, writeFileSync } from "node:fs";
import { Identity, open, openBytes, seal, sealBytes } from "../../dist/index.js";

const [folder, command, recipient] = process.argv.slice(2);
process.chdir(folder);
const identity = (name) => Identity.parse(readFileSync(name));

const commands = {
  sealPassphrase: async () => {
    const data = readFileSync("small");
    const passphrase = readFileSync("passphrase");
    const sign = await identity("writer.key");
    writeFileSync("made", await sealBytes(data, { to: [], passphrase: passphrase.subarray(0, -1), sign }));
    data.fill(0);
    passphrase.fill(0);
  },
  openPassphrase: async () => {
    const passphrase = readFileSync("passphrase");
    const from = [/sealsig1\S+/.exec(readFileSync("writer.pub", "utf8"))[0]];
    (await openBytes(readFileSync("made"), { keys: [], passphrase: passphrase.subarray(0, -1), from })).fill(0);
    passphrase.fill(0);
  },
  sealBytes: async () => {
    const data = readFileSync("small");
    writeFileSync("made", await sealBytes(data, { to: [recipient], sign: await identity("writer.key") }));
    data.fill(0);
  },
  // Each is collected for by those that end before it.
  sealMany: async () => {
    const data = readFileSync("small");
    const sign = await identity("writer.key");
    const [made] = await Promise.all(Array.from({ length: 12 }, () => sealBytes(data, { to: [recipient], sign })));
    writeFileSync("made", made);
    data.fill(0);
  },
  // So many that threads make their stanzas.
  sealCrowd: async () => {
    const data = readFileSync("small");
    const classic = recipient.length < 100;
    const others = await Promise.all(Array.from({ length: 299 }, () => Identity.generate({ classic })));
    const to = [...others.map(({ identity }) => identity.recipient), recipient];
    writeFileSync("made", await sealBytes(data, { to, sign: await identity("writer.key") }));
    data.fill(0);
  },
  seal: async () =>
    seal({ path: "large" }, { path: "made", force: true }, { to: [recipient], sign: await identity("writer.key") }),
  openBytes: async () => (await openBytes(readFileSync("made"), { keys: [await identity("reader.key")] })).fill(0),
  // Keeps what it finds, as a program would that is careless.
  keep: async () => {
    globalThis.kept = readFileSync("kept");
    writeFileSync("kept", "");
  },
  open: async () => open({ path: "made" }, { path: "opened" }, { keys: [await identity("reader.key")] }),
};

await commands[command]();
console.log("done");
setInterval(() => {}, 1000);
