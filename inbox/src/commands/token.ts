// seal-inbox token create, list, revoke

import { SealError } from "seal";
import { type Arguments, type Command, DIR, directoryOf } from "../arguments.js";
import { Directory, type Place } from "../store/directory.js";
import { createToken, listGrants, revokeToken } from "../store/tokens.js";

export const create: Command = {
  name: "token create",
  words: ["INBOX"],
  summary: "Make a token, and print it: it is shown this once.",
  flags: {
    producer: { value: "NAME", help: "for a producer of that name, who may send records" },
    reader: { value: "NAME", help: "for a reader of that name, who may get the journal" },
    ...DIR,
  },
  run: async (args, report) => {
    const place = await placeOf(args);
    const [producer, reader] = [args.one("producer"), args.one("reader")];
    if ((producer === undefined) === (reader === undefined)) {
      throw new SealError("usage", "either --producer or --reader is due");
    }
    const [role, name] = producer === undefined ? (["reader", reader!] as const) : (["producer", producer] as const);
    const { token, grant } = await createToken(place, role, name);
    report.note(`token ${grant.id} for the ${role} ${name} of ${place.name}`);
    report.result({ inbox: place.name, ...grant, token }, token);
  },
};

export const listTokens: Command = {
  name: "token list",
  words: ["INBOX"],
  summary: "List the tokens of an inbox: who has one, not what it is.",
  flags: DIR,
  run: async (args, report) => {
    const place = await placeOf(args);
    for (const { id, role, name, created } of await listGrants(place)) {
      report.result({ inbox: place.name, id, role, name, created }, [id, role, name, created].join("\t"));
    }
  },
};

export const revoke: Command = {
  name: "token revoke",
  words: ["INBOX", "ID"],
  summary: "Revoke a token by its id. A running service refuses it within a second.",
  flags: DIR,
  run: async (args, report) => {
    const place = await placeOf(args);
    const id = args.words[1]!;
    await revokeToken(place, id);
    report.result({ inbox: place.name, id }, `revoked ${id}`);
  },
};

/** Throws `usage` where there is no such inbox; `io`. */
async function placeOf(args: Arguments): Promise<Place> {
  const directory = await Directory.open(directoryOf(args));
  const name = args.words[0]!;
  await directory.settings(name);
  return directory.place(name);
}
