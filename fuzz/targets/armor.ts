// The text form of a sealed file: read at once and in pieces, and written.

import { type Bytes, concat, equal, utf8 } from "../../src/bytes.js";
import { armoredSink, unarmored } from "../../src/files/armor.js";
import type { Source } from "../../src/flow/io.js";
import { bytesSink, bytesSource } from "../../src/io/bytes.js";
import { streamSource } from "../../src/io/streams.js";
import { bytesOf } from "../actors.js";
import { mutateBytes } from "../mutate/bytes.js";
import { mutateText } from "../mutate/text.js";
import { judgeArmor } from "../oracle/armor.js";
import { hashOf, type Random, randomOf } from "../random.js";
import { split } from "../splits.js";
import { attempt, holds, kindOfMessage, type Target } from "../target.js";

const [BEGIN, END] = ["-----BEGIN SEALED FILE-----", "-----END SEALED FILE-----"];
const LENGTHS = [1, 2, 3, 47, 48, 49, 96, 300];

export const armor: Target = {
  name: "armor",
  maxBytes: 4096,
  seeds: async () => [
    ...LENGTHS.map((length, i) => utf8(textOf(bytesOf(`text ${i}`, length)))),
    utf8(`\n \t\r\n${textOf(bytesOf("blank", 100))}\r\n\t\n`),
    utf8(textOf(bytesOf("returns", 150)).replaceAll("\n", "\r\n")),
    bytesOf("no text", 40),
  ],
  mutate: (input, other, random) =>
    random.oneIn(6)
      ? utf8(someText(random))
      : random.oneIn(4)
        ? mutateBytes(input, other, random)
        : mutateText(input, other, random),
  run,
};

function textOf(payload: Uint8Array, width = 64): string {
  const lines =
    Buffer.from(payload)
      .toString("base64")
      .match(new RegExp(`.{1,${width}}`, "g")) ?? [];
  return `${[BEGIN, ...lines, END].join("\n")}\n`;
}

/** Right, or nearly: lines of another length, too many blank ones, bits at the end that no byte needs. */
function someText(random: Random): string {
  const text = textOf(random.bytes(random.pick(LENGTHS)), random.oneIn(4) ? random.pick([4, 60, 68, 76]) : 64);
  const kinds = [
    () => text,
    () => text.replace(/[A-Za-z0-9+/](?==*\n-----END)/, (letter) => String.fromCharCode(letter.charCodeAt(0) + 1)),
    () => text + "\n".repeat(random.pick([1023, 1024, 1025])),
    () => " \n".repeat(random.pick([1023, 1024, 1025])) + text,
    () => text.replace(`${END}\n`, random.pick(["", END, `${END}\r`, `${END}\n${END}\n`])),
    () => `${" ".repeat(random.pick([79, 80, 81]))}\n${text}`,
  ];
  return random.pick(kinds)();
}

async function run(input: Bytes): Promise<string> {
  const due = judgeArmor(input);
  const random = randomOf(hashOf(input));
  const told = await reading(bytesSource(input), due, random);
  const inPieces = await reading(streamSource(split(input), "the input"), due, random);
  holds(told === inPieces, `${inPieces} in pieces, ${told} at once`);
  if (due !== null) await checkWritten(due, random);
  return told;
}

/** All that a source holds, in pieces of any length: what is due, or an error. */
async function reading(source: Source, due: Uint8Array | null, random: Random): Promise<string> {
  const size = random.pick([1, 48, 100, 65536]);
  const parts: Uint8Array[] = [];
  const read = await attempt(["malformed"], async () => {
    const plain = await unarmored(source);
    for (;;) {
      const piece = (await plain.read(size)).slice();
      parts.push(piece);
      if (piece.length < size) return plain.isText;
    }
  });
  const bytes = concat(...parts);
  if ("refusal" in read) {
    holds(due === null, `a good text is refused: ${read.refusal.message}`);
    return kindOfMessage(read.refusal.message);
  }
  holds(due !== null, "a text is taken that is none");
  holds(equal(bytes, due), "a text stands for other bytes");
  return read.value ? `a text of ${Math.min(9, bytes.length >> 5)}` : "no text";
}

/** What is written, however it comes, is the one text of these bytes. */
async function checkWritten(bytes: Uint8Array, random: Random): Promise<void> {
  if (bytes.length === 0) return;
  const sink = bytesSink();
  const text = armoredSink(sink);
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.slice(at, at + 1 + random.below(200));
    await text.write(piece, at);
    at += piece.length;
  }
  await text.commit();
  holds(equal(sink.take(), utf8(textOf(bytes))), "bytes are written as another text");
}
