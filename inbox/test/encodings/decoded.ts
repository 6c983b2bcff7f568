// Decodes without a service.

import { randomBytes } from "node:crypto";
import { decoded as decode, type Encoding } from "../../src/encodings/decode.js";
import { Problem, type ProblemName } from "../../src/problem.js";

const LIMIT = 4 * 2 ** 20;

/** The body is left as it is. */
export function decoded(encoding: Encoding, body: Uint8Array, limit = LIMIT): Promise<Buffer> {
  return decode(encoding, Buffer.from(body), limit, () => undefined);
}

/** What is said of a body that is refused; null where it is decoded. */
export async function refusalOf(encoding: Encoding, body: Uint8Array, limit = LIMIT): Promise<ProblemName | null> {
  try {
    await decoded(encoding, body, limit);
    return null;
  } catch (error) {
    if (error instanceof Problem) return error.problem;
    throw error;
  }
}

/** Bodies of many kinds, by name. */
export function samples(): [string, Buffer][] {
  const words = Array.from({ length: 500 }, (_, i) => `${(i * 7919) % 1000}`.padStart(1 + (i % 9), "order-"));
  const text = (length: number) => {
    let made = "";
    for (let i = 0; made.length < length; i++)
      made += `{"${words[(i * i) % 500]}":${i % 97},"who":"${words[i % 500]}"}\n`;
    return Buffer.from(made.slice(0, length));
  };
  const lengths = [1, 33, 256, 1000, 65_535, 65_536, 300_000];
  return [
    ...lengths.map((length): [string, Buffer] => [`text of ${length}`, text(length)]),
    ...[1, 100, 200_000].map((length): [string, Buffer] => [`${length} random bytes`, randomBytes(length)]),
    ["zeros", Buffer.alloc(1_000_000)],
    ["few symbols", Buffer.from(randomBytes(200_000).map((byte) => byte & 3))],
    ["uneven symbols", Buffer.from(randomBytes(200_000).map((byte) => Math.floor(256 * (byte / 256) ** 6)))],
    ["far repetitions", Buffer.concat(Array(3).fill(randomBytes(300_000)))],
    ["runs", Buffer.concat(Array.from({ length: 300 }, (_, i) => Buffer.alloc(1 + ((i * 37) % 900), i)))],
  ];
}

/** What is left when some bytes of a body are changed, or it is cut. */
export function* damagedFrom(body: Buffer, step = 1): Generator<Buffer> {
  for (let at = 0; at < body.length; at += step) {
    for (const mask of [1, 0x10, 0x80, 0xff]) {
      const changed = Buffer.from(body);
      changed[at]! ^= mask;
      yield changed;
    }
    yield Buffer.from(body.subarray(0, at));
  }
}
