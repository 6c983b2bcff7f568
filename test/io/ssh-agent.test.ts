// An ssh agent that answers as it should, and ones that do not. The real one is in test/cli/ssh.test.ts.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { concat, utf8 } from "../../src/bytes.js";
import { native } from "../../src/crypto/native.js";
import { copySecret } from "../../src/crypto/secret.js";
import { Identity, openBytes, sealBytes, sshAgentSigner } from "../../src/index.js";
import { signerOfAgent } from "../../src/io/ssh-agent.js";
import { encodeSshKey } from "../../src/keys/ssh/public.js";
import { sshBlob, sshNumber, sshString } from "../../src/keys/ssh/wire.js";
import { encodeSigner } from "../../src/keys/text.js";
import { failure } from "../support.js";

const key = native.signingKey(copySecret(new Uint8Array(32).fill(5)));
const other = native.signingKey(copySecret(new Uint8Array(32).fill(6)));
const MESSAGE = utf8("seal.v1 header\0 and a hash");

type Answer = (question: Uint8Array, socket: Socket) => Uint8Array | null;

const open: { server: Server; dir: string }[] = [];
afterEach(() => {
  for (const { server, dir } of open.splice(0)) {
    server.close();
    rmSync(dir, { recursive: true });
  }
});

/** An agent: each question is answered by its type. Gives its socket, and the types of what it was asked. */
async function agent(answers: Record<number, Answer>): Promise<{ socket: string; asked: number[] }> {
  const dir = mkdtempSync(join(tmpdir(), "seal-agent-"));
  const asked: number[] = [];
  const server = createServer((socket) => {
    let got = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("data", (piece: Buffer) => {
      got = Buffer.concat([got, piece]);
      if (got.length < 4 || got.length < 4 + got.readUInt32BE(0)) return;
      asked.push(got[4]!);
      const answer = answers[got[4]!]!(got.subarray(4), socket);
      if (answer) socket.write(answer);
    });
  });
  open.push({ server, dir });
  const socket = join(dir, "agent");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return { socket, asked };
}

const has = (...keys: { publicKey: Uint8Array }[]): Answer => {
  const parts = keys.flatMap(({ publicKey }) => [sshString(sshBlob(publicKey)), sshString(utf8("comment"))]);
  return () => sshString(concat(Uint8Array.of(12), sshNumber(keys.length), ...parts));
};
const signed = (signature: Uint8Array, name = "ssh-ed25519") =>
  sshString(concat(Uint8Array.of(14), sshString(concat(sshString(utf8(name)), sshString(signature)))));
/** The message stands behind the type and the key. */
const messageIn = (question: Uint8Array) => {
  const at = 1 + 4 + 51;
  return question.slice(at + 4, question.length - 4);
};
const signs: Answer = (question) => signed(key.sign(messageIn(question)));

const signerAt = (socket: string, signal?: AbortSignal) => signerOfAgent(native, key.publicKey, { socket, signal });

describe("an agent that has the key", () => {
  test("is asked once for a signature, of the message as it is", async () => {
    const { socket, asked } = await agent({ 11: has(other, key), 13: signs });
    const signer = await signerAt(socket);
    expect(await signer.sign(MESSAGE)).toEqual(key.sign(MESSAGE));
    expect(asked).toEqual([11, 13]);
  });

  test("signs for the library's users, once for a file of many chunks", async () => {
    const { socket, asked } = await agent({ 11: has(key), 13: signs });
    const { identity } = await Identity.generate({ classic: true });
    const sign = await sshAgentSigner(`${encodeSshKey(key.publicKey)} comment`, { socket });
    expect(sign.signer).toBe(encodeSigner(key.publicKey));
    const plaintext = new Uint8Array(50_000).fill(7);
    const sealed = await sealBytes(plaintext, { to: [identity.recipient], sign, chunkSize: 4096 });
    expect(asked).toEqual([11, 13]);
    expect(await openBytes(sealed, { keys: [identity], from: [encodeSshKey(key.publicKey)] })).toEqual(plaintext);
  });

  test("may answer byte by byte", async () => {
    const slowly: Answer = (question, socket) => {
      const answer = signs(question, socket)!;
      let at = 0;
      const next = () => at < answer.length && socket.write(answer.subarray(at, ++at), () => setImmediate(next));
      next();
      return null;
    };
    const { socket } = await agent({ 11: has(key), 13: slowly });
    expect(await (await signerAt(socket)).sign(MESSAGE)).toEqual(key.sign(MESSAGE));
  });

  test("is not waited for any longer when that is over", async () => {
    const { socket, asked } = await agent({ 11: has(key), 13: () => null });
    const stop = new AbortController();
    const signing = (await signerAt(socket, stop.signal)).sign(MESSAGE) as Promise<unknown>;
    setTimeout(() => stop.abort(new Error("enough")), 50);
    await expect(signing).rejects.toThrow("enough");
    expect(asked).toEqual([11, 13]);
    await expect(signerAt(socket, stop.signal)).rejects.toThrow("enough");
  });
});

describe("an agent that cannot be used", () => {
  const refused = async (answers: Record<number, Answer>) => {
    const { socket } = await agent(answers);
    const failed = await failure(signerAt(socket).then((signer) => signer.sign(MESSAGE)));
    expect(failed.code).toBe("io");
    return failed;
  };

  test("has not the key, or none at all", async () => {
    expect(await refused({ 11: has(other) })).toMatchObject({ reason: "agent-lacks", message: /it has 1 other$/ });
    expect(await refused({ 11: has(other, other) })).toMatchObject({ message: /it has 2 others$/ });
    expect(await refused({ 11: has() })).toMatchObject({
      reason: "agent-lacks",
      message: /it has none, or is locked$/,
    });
  });

  test("refuses, or signs by another key, or something else", async () => {
    const failing: Answer = () => sshString(Uint8Array.of(5));
    expect(await refused({ 11: has(key), 13: failing })).toMatchObject({
      reason: "agent-refused",
      message: /refused to sign/,
    });
    expect(await refused({ 11: failing })).toMatchObject({ reason: "agent-refused" });
    const wrong: Answer = (question) => signed(other.sign(messageIn(question)));
    expect(await refused({ 11: has(key), 13: wrong })).toMatchObject({ message: /not a signature by the key/ });
    const another: Answer = () => signed(key.sign(utf8("something else")));
    expect(await refused({ 11: has(key), 13: another })).toMatchObject({ message: /not a signature by the key/ });
  });

  test("is not there, or ends", async () => {
    expect(await failure(signerAt("/nonexistent/agent"))).toMatchObject({ code: "io", reason: "agent-gone" });
    const ends: Answer = (_question, socket) => {
      socket.end();
      return null;
    };
    expect(await refused({ 11: ends })).toMatchObject({ reason: "agent-gone", message: /ended the connection/ });
    expect(await refused({ 11: has(key), 13: ends })).toMatchObject({ reason: "agent-gone" });
  });

  test.each<[string, Uint8Array]>([
    ["an answer of 4 GiB", sshNumber(0xffffffff)],
    ["one a byte above what is taken", sshNumber(256 * 1024 + 1)],
    ["an empty one", sshNumber(0)],
    ["of another type", sshString(Uint8Array.of(99))],
    ["with a byte behind it", concat(signed(key.sign(MESSAGE)), Uint8Array.of(0))],
    ["whose signature is short", signed(key.sign(MESSAGE).slice(1))],
    ["whose signature is of another kind", signed(key.sign(MESSAGE), "ssh-rsa")],
    ["with a byte behind the signature", sshString(concat(signed(key.sign(MESSAGE)).slice(4), Uint8Array.of(0)))],
    ["that is cut within", sshString(Uint8Array.of(14, 0, 0, 0, 99, 1))],
  ])("gives %s", async (_what, answer) => {
    expect((await refused({ 11: has(key), 13: () => answer })).message).toMatch(/an answer that is none/);
  });

  test("says that it has more keys than it sends", async () => {
    for (const count of [1, 2049, 0xffffffff]) {
      const answer = sshString(concat(Uint8Array.of(12), sshNumber(count)));
      expect((await refused({ 11: () => answer })).message).toMatch(/an answer that is none/);
    }
  });
});
