// The inbox's signer in an ssh agent: which key it is, and an agent that never signs.

import { generateKeyPairSync, type KeyObject, sign as signBy } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { encodeSshKey } from "@sealed-files/seal/internal";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { agentSigner } from "../src/process-options.js";
import { folder } from "./folder.js";

const before = process.env.SSH_AUTH_SOCK;
afterEach(() => {
  process.env.SSH_AUTH_SOCK = before ?? "";
});

const bytesOf = (key: KeyObject) => Buffer.from(key.export({ format: "jwk" }).x!, "base64url");
const field = (...parts: Uint8Array[]) => {
  const bytes = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const blobOf = (key: KeyObject) => Buffer.concat([field(Buffer.from("ssh-ed25519")), field(bytesOf(key))]);

/** An agent with one key, which signs or never answers; how many questions it left open are open still. */
async function agentOf({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }, signs: boolean) {
  const path = join(await folder(), "agent.sock");
  let open = 0;
  const server = createServer((asker) => {
    asker.on("error", () => undefined);
    asker.on("data", (question: Buffer) => {
      if (question[4] === 11) {
        const keys = [field(blobOf(publicKey)), field(Buffer.from("comment"))];
        return asker.write(field(Buffer.from([12, 0, 0, 0, 1]), ...keys));
      }
      if (signs) {
        const message = question.subarray(4 + 1 + 4 + blobOf(publicKey).length + 4, -4);
        const signature = signBy(null, message, privateKey);
        return asker.write(field(Buffer.from([14]), field(field(Buffer.from("ssh-ed25519")), field(signature))));
      }
      open++;
      asker.on("close", () => open--);
    });
  });
  server.listen(path);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  process.env.SSH_AUTH_SOCK = path;
  return () => open;
}

async function pubOf(...lines: string[]): Promise<string> {
  const path = join(await folder(), "inbox.pub");
  await writeFile(path, `${lines.join("\r\n")}\r\n`);
  return path;
}

const pair = generateKeyPairSync("ed25519");
const KEY = encodeSshKey(bytesOf(pair.publicKey));
const OTHER = encodeSshKey(bytesOf(generateKeyPairSync("ed25519").publicKey));
const MESSAGE = Buffer.from("seal.v1 header");

test("one key in a .pub file signs, whatever comments are around it", async () => {
  await agentOf(pair, true);
  const { sign } = await agentSigner(await pubOf("# the inbox's", "", `${KEY} inbox@example.com`));
  expect(await sign(MESSAGE)).toEqual(Uint8Array.from(signBy(null, MESSAGE, pair.privateKey)));
});

test("of several keys none is chosen", async () => {
  await agentOf(pair, true);
  await expect(agentSigner(await pubOf(KEY, OTHER))).rejects.toMatchObject({
    code: "usage",
    message: expect.stringMatching(/^--sign .*inbox\.pub: more than one key/),
  });
});

test("an agent that never signs is given up, and not asked on", async () => {
  const open = await agentOf(pair, false);
  const { sign } = await agentSigner(await pubOf(KEY), 300);
  await expect(sign(MESSAGE)).rejects.toMatchObject({
    code: "io",
    reason: "agent-gone",
    message: "the ssh agent did not sign within 0.3 seconds",
  });
  await expect.poll(open).toBe(0);
});
