// Who seals and opens in the tests of the library, and what.

import { Identity, type OpenOptions, type SealOptions, sealBytes } from "../../src/index.js";

export const plaintext = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 7 + (i >> 8)) % 256);
export const SMALL = 4096;

export const sender = (await Identity.generate({ classic: true })).identity;
export const recipient = (await Identity.generate({ classic: true, accept: [sender.signer] })).identity;
export const stranger = (await Identity.generate({ classic: true })).identity;

export const sealing: SealOptions = { to: [recipient.recipient], sign: sender, chunkSize: SMALL };
export const opening: OpenOptions = { keys: [recipient] };

export const file = await sealBytes(plaintext, { ...sealing, label: "release 7" });
export const unsigned = await sealBytes(plaintext, { to: [recipient.recipient], unsigned: true, chunkSize: SMALL });

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
