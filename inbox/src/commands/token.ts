// seal-inbox token create, list, revoke

import { createReadStream } from "node:fs";
import { lstat } from "node:fs/promises";
import { SealError } from "@sealed-files/seal";
import { asIoError, ioError } from "@sealed-files/seal/internal";
import { type Arguments, type Command, type Report, STORE } from "../arguments.js";
import { codeOf } from "../codes.js";
import { writeNew } from "../store/directory/files.js";
import type { Place } from "../store/store.js";
import { createToken, type Grant, listGrants, revokeToken } from "../store/tokens.js";
import { parseSecrets } from "../store/webhook-secrets.js";
import { withStore } from "./store.js";

export const create: Command = {
  name: "token create",
  words: ["INBOX"],
  summary: "Make a token, and write it to a file or print it. It is shown only once.",
  flags: {
    producer: { value: "NAME", help: "for a producer of that name, who may send records" },
    reader: { value: "NAME", help: "for a reader of that name, who may get the journal" },
    url: { help: "for a producer that cannot set headers: it becomes part of an address, which is secret then" },
    "webhook-secret": {
      value: "FILE",
      help: "with --url: accept only what is signed under the secrets in FILE (whsec_…, one a line; - is standard input)",
    },
    output: { value: "FILE", help: "write it there (-o), as a header for curl -H @FILE and --header @FILE" },
    ...STORE,
  },
  run: withPlace(async (place, args, report) => {
    const [producer, reader] = [args.one("producer"), args.one("reader")];
    if ((producer === undefined) === (reader === undefined)) {
      throw new SealError("usage", "give either --producer or --reader");
    }
    const [role, name] = producer === undefined ? (["reader", reader!] as const) : (["producer", producer] as const);
    const output = args.one("output");
    if (output !== undefined) await checkFree(output);
    const isUrl = args.has("url");
    if (isUrl && role === "reader") throw new SealError("usage", "--url is for producers");
    const secrets = await webhookSecrets(args.one("webhook-secret"));
    if (secrets.length > 0 && !isUrl) throw new SealError("usage", "--webhook-secret needs --url");
    const { token, grant } = await createToken(place, role, name, { way: isUrl ? "url" : "header", secrets });
    const shown = isUrl ? `/v1/inboxes/${place.name}/hooks/${token}` : token;
    const what = `token ${grant.id} for the ${role} ${name} of ${place.name}`;
    const facts = { inbox: place.name, ...factsOf(grant) };
    if (output === undefined) {
      report.note(what);
      report.result({ ...facts, [isUrl ? "address" : "token"]: shown }, shown);
      return;
    }
    await writeSecret(output, isUrl ? shown : `Authorization: Bearer ${token}`).catch(async (error) => {
      await revokeToken(place, grant.id);
      throw error;
    });
    report.result({ ...facts, output }, `wrote ${output}: ${what}`);
  }),
};

export const listTokens: Command = {
  name: "token list",
  words: ["INBOX"],
  summary: "List the tokens of an inbox: who has one, not what it is.",
  flags: STORE,
  run: withPlace(async (place, _args, report) => {
    for (const grant of await listGrants(place)) {
      const facts = factsOf(grant);
      const { id, role, name, created, way, signed } = facts;
      const how = signed ? "signed" : way;
      report.result({ inbox: place.name, ...facts }, [id, role, name, created, how].join("\t"));
    }
  }),
};

export const revoke: Command = {
  name: "token revoke",
  words: ["INBOX", "ID"],
  summary: "Revoke a token by its id. A running service refuses it within a second.",
  flags: STORE,
  run: withPlace(async (place, args, report) => {
    const id = args.words[1]!;
    const pending = await revokeToken(place, id);
    report.result({ inbox: place.name, id, pending: pending?.message ?? null }, `revoked ${id}`);
    if (pending) {
      const left = "What readers without a token acknowledged counts for nothing, but could not be deleted yet";
      report.note(`${left}: ${pending.message}`);
    }
  }),
};

/** What may be told of a token: the secrets are not. */
function factsOf({ id, role, name, created, way, secrets }: Grant) {
  return { id, role, name, created, way, signed: secrets.length > 0 };
}

/** No file of secrets comes near to this. */
const MAX_SECRETS_FILE = 64 * 1024;

/** The secrets in a file. Throws `usage`, `io`. */
async function webhookSecrets(path: string | undefined): Promise<string[]> {
  if (path === undefined) return [];
  if (path.startsWith("whsec_")) {
    throw new SealError("usage", "--webhook-secret is given a secret, and takes a file", {
      hint: "Anyone on this machine can read a command line. Treat this secret as compromised, and make a new one.",
    });
  }
  let text = "";
  try {
    const input = path === "-" ? process.stdin : createReadStream(path);
    for await (const piece of input.setEncoding("utf8")) {
      text += piece;
      if (text.length > MAX_SECRETS_FILE) throw new SealError("usage", `${path} is far too long for a file of secrets`);
    }
  } catch (error) {
    throw asIoError(`cannot read ${path}`, error);
  }
  return parseSecrets(text);
}

/** Throws `usage` where there is something of that name: it is not replaced. */
async function checkFree(path: string): Promise<void> {
  const there = await lstat(path).catch(() => null);
  if (there) throw existsAlready(path);
}

/** A new file that only its owner can read. Throws `usage`, `io`. */
async function writeSecret(path: string, line: string): Promise<void> {
  try {
    await writeNew(path, `${line}\n`);
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? existsAlready(path) : ioError(`cannot write ${path}`, error);
  }
}

function existsAlready(path: string): SealError {
  return new SealError("usage", `${path} already exists`, { hint: "A token never overwrites a file." });
}

/** With the inbox that the first word names. Throws `usage` where there is none; `io`; what `work` throws. */
function withPlace(work: (place: Place, args: Arguments, report: Report) => Promise<void>): Command["run"] {
  return (args, report) =>
    withStore(args, async (store) => {
      const name = args.words[0]!;
      await store.settings(name);
      await work(store.place(name), args, report);
    });
}
