// Either end of the channel on which one service passes records on to another, on whose memory the thief comes. What
// goes from one to the other, the test carries: lines of hexadecimal, in and out.

import { createInterface } from "node:readline";
import { eraseSecret } from "@sealed-files/seal/internal";
import { Channels, Sending } from "../../inbox/src/peers/channel.js";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => (await lines.next()).value as string;
const bytes = (text: string) => Buffer.from(text, "hex");
const say = (...words: (string | Uint8Array)[]) =>
  console.log(words.map((word) => (typeof word === "string" ? word : Buffer.from(word).toString("hex"))).join(" "));

/** A service does other things until the answer comes: for V8's collector, what it has is old then. */
function growOld(): void {
  const held = Array.from({ length: 10 }, () => [0]);
  for (let i = 0; i < 5_000_000; i++) held[i % 10] = [i];
}

async function sends(): Promise<void> {
  const sending = await Sending.open(async (publicKey) => {
    say(publicKey);
    const answer = bytes(await next());
    growOld();
    return answer;
  });
  for (;;) {
    const { name, bytes: sealed } = sending.seal(bytes(await next()));
    say(name, sealed);
  }
}

async function receives(): Promise<void> {
  const channels = await Channels.open();
  say(await channels.accept(bytes(await next())));
  for (;;) {
    const [name, sealed] = (await next()).split(" ");
    const plaintext = channels.unseal({ name: name!, bytes: bytes(sealed!) });
    if (!plaintext) throw new Error(`${name} does not open`);
    eraseSecret(plaintext);
    say("received");
  }
}

say("ready");
await next();
await { sends, receives }[process.argv[2] as "sends" | "receives"]();
