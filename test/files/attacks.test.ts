// The attacks of DESIGN's carrier and insider, on files that our own code sealed: what is found, where, and that
// nothing unauthenticated is released. (The vectors show each rule alone; here everything is tried everywhere.)

import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, concat } from "../../src/bytes.js";
import { dhkem } from "../../src/crypto/dhkem.js";
import { hpkeSeal } from "../../src/crypto/hpke.js";
import { native } from "../../src/crypto/native.js";
import { inline } from "../../src/engine/inline.js";
import { type Opening, openTo } from "../../src/files/open.js";
import { sealTo } from "../../src/files/seal.js";
import { verifySource } from "../../src/files/verify.js";
import { headerMessage, payloadKey, recipientInfo } from "../../src/format/header.js";
import { chunkMessage, chunkNonce, nextChain } from "../../src/format/record.js";
import { encodeStanzas, STANZA_X25519 } from "../../src/format/stanza.js";
import { geometryOf, parseHeader } from "../../src/header/read.js";
import { findFileKey } from "../../src/header/unlock.js";
import { bytesSource } from "../../src/io/bytes.js";
import { streamSource } from "../../src/io/streams.js";
import { parseContacts } from "../../src/keys/contacts.js";
import { failure, identityFile, memorySink, newPerson, type Person, pieces } from "../support.js";
import { STEP } from "../whole.js";

const CHUNK = 4096;
const NOW = 1_800_000_000_000;
const [sender, recipient, insider, stranger] = [
  await newPerson(),
  await newPerson(),
  await newPerson(),
  await newPerson(),
];
const plaintext = Uint8Array.from({ length: 3 * CHUNK + 100 }, (_, i) => (i * 7 + (i >> 8)) % 256);

async function sealed(
  bytes: Uint8Array,
  { to = [recipient, insider], signer = sender as Person | null, now = NOW } = {},
): Promise<Bytes> {
  const sink = memorySink();
  await sealTo(bytesSource(bytes), sink, {
    suite: native,
    engine: inline,
    recipients: to.map(({ publicKey }) => publicKey),
    signer: signer?.signingKey ?? null,
    label: "",
    chunkExponent: 12,
    now,
  });
  return Uint8Array.from(sink.released());
}

const OPEN: Omit<Opening, "identities"> = {
  suite: native,
  engine: inline,
  from: [sender.signingKey.publicKey],
  policy: { allowUnsigned: false, now: NOW },
};

/** Opens; the error, and what had been released by then. */
async function refused(bytes: Uint8Array, options: Partial<Opening> = {}) {
  const sink = memorySink();
  const identities = [identityFile(recipient)];
  const error = await failure(openTo(bytesSource(bytes), sink, { ...OPEN, identities, ...options }));
  expect(sink.state).toBe("aborted");
  const released = sink.released();
  expect(released.equals(plaintext.subarray(0, released.length)), "only a prefix of the plaintext is released").toBe(
    true,
  );
  expect(released.length % CHUNK).toBe(0);
  return { code: error.code, chunk: error.chunk, released: released.length };
}

async function refusedByVerifier(bytes: Uint8Array) {
  const policy = { from: [sender.signingKey.publicKey], allowUnsigned: false, now: NOW };
  const error = await failure(verifySource(bytesSource(bytes), { suite: native, engine: inline, policy }));
  return { code: error.code, chunk: error.chunk };
}

const layout = async (bytes: Uint8Array) => {
  const header = await parseHeader(bytesSource(bytes), native);
  const { headerLength } = geometryOf(header);
  const record = CHUNK + 112;
  return { header, headerLength, record, at: (index: number) => headerLength + index * record };
};

let file: Bytes;
/** Two chunks, for what is done to every byte. */
let small: Bytes;
let smallUnsigned: Bytes;
let unsigned: Bytes;

beforeAll(async () => {
  file = await sealed(plaintext);
  unsigned = await sealed(plaintext, { signer: null });
  small = await sealed(plaintext.subarray(0, CHUNK + 20));
  smallUnsigned = await sealed(plaintext.subarray(0, CHUNK + 20), { signer: null });
});

describe("a carrier", () => {
  test("flips a bit of any single byte: never opens, never verifies", { timeout: 120_000 }, async () => {
    const { headerLength, record } = await layout(small);
    for (let at = 0; at < small.length; at += STEP) {
      const bad = small.slice();
      bad[at]! ^= 1 << (at % 8);
      const { code, chunk, released } = await refused(bad);
      const expected = at < headerLength ? undefined : Math.floor((at - headerLength) / record);
      expect(chunk, `byte ${at}`).toBe(expected);
      expect(released, `byte ${at}`).toBe((expected ?? 0) * CHUNK);
      expect(["malformed", "unsupported", "tampered", "untrusted"], `byte ${at}`).toContain(code);
      if (expected !== undefined) expect(code).toBe("tampered");
      if (at % (16 * STEP) === 0) expect(await refusedByVerifier(bad), `byte ${at}`).toEqual({ code, chunk });
    }
  });

  test("flips any byte of an unsigned file: never opens", { timeout: 120_000 }, async () => {
    for (let at = 0; at < smallUnsigned.length; at += STEP) {
      const bad = smallUnsigned.slice();
      bad[at]! ^= 1 << (at % 8);
      const policy = { allowUnsigned: true, now: NOW };
      const { code } = await refused(bad, { from: null, policy });
      expect(["malformed", "unsupported", "tampered", "untrusted", "no-key"], `byte ${at}`).toContain(code);
    }
  });

  test("cuts it anywhere: early end, at the chunk that is missing", { timeout: 120_000 }, async () => {
    const { headerLength, record } = await layout(small);
    for (let length = 0; length < small.length; length += STEP) {
      const { code, chunk, released } = await refused(small.subarray(0, length));
      const expected = length < headerLength ? undefined : Math.floor((length - headerLength) / record);
      expect({ code, chunk, released }, `${length} bytes`).toEqual({
        code: length < 8 ? "malformed" : "tampered",
        chunk: expected,
        released: (expected ?? 0) * CHUNK,
      });
    }
  });

  test.each([1, 2, 15, 16, 111, 112, 113, CHUNK, CHUNK + 112, 2 * (CHUNK + 112)])("appends %i bytes", async (count) => {
    for (const filler of [new Uint8Array(count), concat(file, file, file).subarray(7, 7 + count)]) {
      const { code, chunk } = await refused(concat(file, filler));
      expect({ code, chunk }).toEqual({ code: "tampered", chunk: 3 });
      expect(await refusedByVerifier(concat(file, filler))).toEqual({ code: "tampered", chunk: 3 });
    }
  });

  test.each([
    ["swaps", [1, 0, 2, 3], 0],
    ["swaps the last whole two of", [0, 2, 1, 3], 1],
    ["drops the first of", [1, 2, 3], 0],
    ["drops the middle of", [0, 2, 3], 1],
    ["drops the final one of", [0, 1, 2], 3],
    ["drops all but the final one of", [3], 0],
    ["doubles one of", [0, 1, 1, 2, 3], 2],
    ["doubles the final one of", [0, 1, 2, 3, 3], 3],
  ])("%s the chunks", async (_what, order, chunk) => {
    const { headerLength, at, record } = await layout(file);
    const records = order.map((index) => file.subarray(at(index), Math.min(file.length, at(index) + record)));
    const bad = concat(file.subarray(0, headerLength), ...records);
    expect(await refused(bad)).toEqual({ code: "tampered", chunk, released: chunk * CHUNK });
    expect(await refusedByVerifier(bad)).toEqual({ code: "tampered", chunk });
  });

  test("splices in a chunk of another file by the same sender for the same recipients", async () => {
    const other = await sealed(plaintext);
    const { at, record } = await layout(file);
    const bad = file.slice();
    bad.set(other.subarray(at(1), at(1) + record), at(1));
    expect(await refused(bad)).toEqual({ code: "tampered", chunk: 1, released: CHUNK });
    expect(await refusedByVerifier(bad)).toEqual({ code: "tampered", chunk: 1 });
  });

  test("puts the header of another file by the same sender in front", async () => {
    const other = await sealed(plaintext);
    const { headerLength } = await layout(file);
    const bad = concat(other.subarray(0, headerLength), file.subarray(headerLength));
    expect(await refused(bad)).toEqual({ code: "tampered", chunk: 0, released: 0 });
  });

  test("finds the recipients in no order that tells who is who", async () => {
    const first = new Set<number>();
    for (let i = 0; i < 40; i++) {
      const { header } = await layout(await sealed(new Uint8Array(), { to: [recipient, insider, stranger] }));
      first.add(await findPosition(header, recipient));
    }
    expect([...first].sort()).toEqual([0, 1, 2]);
  });
});

async function findPosition(header: Awaited<ReturnType<typeof parseHeader>>, who: Person): Promise<number> {
  const keys = header.stanzas.map((stanza) => findFileKey(native, { ...header, stanzas: [stanza] }, [who]));
  return (await Promise.all(keys)).findIndex((key) => key !== null);
}

describe("an insider, who has the file key and a signing key of their own", () => {
  const open_ = async () => {
    const { header, headerLength, at, record } = await layout(file);
    const fileKey = (await findFileKey(native, header, [insider]))!;
    return { header, headerLength, at, record, fileKey, key: payloadKey(native, fileKey, header.coreHash) };
  };

  test("re-encrypts a chunk: the AEAD fits, the signature does not", async () => {
    const { at, record, key } = await open_();
    const forged = native.aeadSeal(key, chunkNonce({ index: 1, final: false }), new Uint8Array(CHUNK).fill(0x41));
    const bad = file.slice();
    bad.set(forged, at(1));
    expect(
      native.aeadOpen(key, chunkNonce({ index: 1, final: false }), bad.subarray(at(1), at(1) + record - 96)),
    ).not.toBeNull();
    expect(await refused(bad)).toEqual({ code: "tampered", chunk: 1, released: CHUNK });
    expect(await refusedByVerifier(bad)).toEqual({ code: "tampered", chunk: 1 });
  });

  test("re-encrypts a chunk and signs it as themselves", async () => {
    const { header, headerLength, key } = await open_();
    const body = native.aeadSeal(key, chunkNonce({ index: 0, final: true }), new Uint8Array(5));
    const digest = native.sha256(body);
    const message = chunkMessage(header.coreHash, { index: 0, final: true }, header.coreHash, digest);
    const bad = concat(file.subarray(0, headerLength), body, header.coreHash, insider.signingKey.sign(message));
    expect(await refused(bad)).toEqual({ code: "tampered", chunk: 0, released: 0 });
  });

  test("continues the chain correctly after a forged chunk", async () => {
    const { header, headerLength, key } = await open_();
    let chain: Bytes = header.coreHash;
    const records = [false, true].map((final, i) => {
      const body = native.aeadSeal(key, chunkNonce({ index: i, final }), new Uint8Array(final ? 9 : CHUNK));
      const digest = native.sha256(body);
      const record = concat(
        body,
        chain,
        insider.signingKey.sign(chunkMessage(header.coreHash, { index: i, final }, chain, digest)),
      );
      chain = nextChain(native, chain, digest);
      return record;
    });
    expect(await refused(concat(file.subarray(0, headerLength), ...records))).toMatchObject({
      code: "tampered",
      chunk: 0,
    });
  });

  test("adds a recipient, or passes the file on as addressed to somebody else", async () => {
    const { header, headerLength, fileKey } = await open_();
    const { enc, ciphertext } = hpkeSeal(
      native,
      dhkem(native),
      stranger.publicKey,
      recipientInfo(header.coreHash),
      fileKey,
    );
    const stanza = { type: STANZA_X25519, body: concat(enc, ciphertext) };
    for (const stanzas of [[...header.stanzas, stanza], [stanza]]) {
      const stanzaBytes = encodeStanzas(stanzas);
      for (const authenticator of [
        header.authenticator,
        insider.signingKey.sign(headerMessage(native, header.coreBytes, stanzaBytes)),
      ]) {
        const bad = concat(header.coreBytes, stanzaBytes, authenticator, file.subarray(headerLength));
        expect(await refused(bad, { identities: [identityFile(stranger)] })).toMatchObject({
          code: "tampered",
          released: 0,
        });
        expect((await refusedByVerifier(bad)).code).toBe("tampered");
      }
    }
  });

  test("makes a file of their own: it is theirs, and not accepted as the sender's", async () => {
    const own = await sealed(plaintext, { signer: insider });
    expect(await refused(own)).toEqual({ code: "untrusted", chunk: undefined, released: 0 });
    expect((await refusedByVerifier(own)).code).toBe("untrusted");
  });

  test("strips the signature: what remains does not open as unsigned", async () => {
    const { header, headerLength } = await open_();
    const core = header.coreBytes.slice();
    core[11] = 0;
    core.fill(0, 13, 77);
    const bad = concat(core, header.stanzaBytes, new Uint8Array(32), file.subarray(headerLength));
    const result = await refused(bad, { from: null, policy: { allowUnsigned: true, now: NOW } });
    expect(result).toMatchObject({ code: "no-key", released: 0 });
  });
});

describe("keys", () => {
  test("somebody who is no recipient cannot open", async () => {
    expect(await refused(file, { identities: [identityFile(stranger)] })).toMatchObject({
      code: "no-key",
      released: 0,
    });
  });

  test("trust is decided before any secret is unlocked", async () => {
    let unlocked = false;
    const locked = {
      accept: [stranger.signingKey.publicKey],
      isProtected: true,
      unlock: async () => {
        unlocked = true;
        return recipient;
      },
    };
    expect((await refused(file, { from: null, identities: [locked] })).code).toBe("untrusted");
    expect(unlocked).toBe(false);
  });

  test("a revoked sender is refused before any secret is unlocked, whoever accepts it", async () => {
    const contacts = parseContacts(`- ${sender.signer} revoked 2026-01-31T12:00:00Z stolen`);
    const key = sender.signingKey.publicKey;
    const unlock = () => Promise.reject(new Error("unlocked"));
    const identities = [{ accept: [key], isProtected: true, unlock }];
    const policy = { allowUnsigned: false, now: NOW, contacts, senders: [key] };
    for (const from of [null, [key], "any"] as const)
      expect((await refused(file, { from, identities, policy })).code).toBe("untrusted");
  });

  test("senders of the contacts are accepted whichever identity opens, but not beside --from", async () => {
    const key = sender.signingKey.publicKey;
    const policy = { allowUnsigned: false, now: NOW, senders: [key] };
    const identities = [identityFile(stranger, [key]), identityFile(recipient)];
    const sink = memorySink();
    await openTo(bytesSource(file), sink, { ...OPEN, from: null, identities, policy });
    expect(sink.released().equals(plaintext)).toBe(true);
    const from = [stranger.signingKey.publicKey];
    expect((await refused(file, { from, identities, policy })).code).toBe("untrusted");
  });

  test("an accept line of one identity does not lend its trust to another that opens", async () => {
    const identities = [identityFile(stranger, [sender.signingKey.publicKey]), identityFile(recipient)];
    expect((await refused(file, { from: null, identities })).code).toBe("untrusted");
  });

  test("an unsigned file vouches for neither label nor age", async () => {
    for (const demand of [{ label: "" }, { maxAge: 1e9 }]) {
      const policy = { allowUnsigned: true, now: NOW, ...demand };
      expect((await refused(unsigned, { from: null, policy })).code).toBe("untrusted");
    }
  });
});

describe("release", () => {
  test("each chunk is out before the next is needed, and not one byte of a bad one", async () => {
    const { at } = await layout(file);
    const sink = memorySink();
    const seen: number[] = [];
    const watched = async function* () {
      for (const end of [at(1), at(2), at(3)]) {
        yield file.subarray(seen.length === 0 ? 0 : at(seen.length), end);
        seen.push(sink.released().length);
      }
      yield file.subarray(at(3), file.length - 1);
    };
    const identities = [identityFile(recipient)];
    const error = await failure(openTo(streamSource(watched(), "in"), sink, { ...OPEN, identities }));
    expect(error).toMatchObject({ code: "tampered", chunk: 3, offset: at(3) });
    expect(seen).toEqual([CHUNK, 2 * CHUNK, 3 * CHUNK]);
    expect(sink.released().length).toBe(3 * CHUNK);
  });

  test("any split of the input into pieces gives the same bytes", async () => {
    for (const sizes of [[1], [4095], [4096], [4097], [4208], [1, 5000], [100_000]]) {
      const sink = memorySink();
      const identities = [identityFile(recipient)];
      await openTo(streamSource(pieces(file, ...sizes), "in"), sink, { ...OPEN, identities });
      expect(sink.released().equals(plaintext)).toBe(true);
    }
  });
});
