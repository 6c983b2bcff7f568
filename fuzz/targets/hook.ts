// What is sent to a secret address of an inbox: the signature under the secrets of its token, and the token itself,
// which opens nothing as a header.

import { createHash, createHmac } from "node:crypto";
import { Problem } from "../../inbox/src/problem.js";
import { Bearers } from "../../inbox/src/server/bearers.js";
import { checkSignature, webhookOf } from "../../inbox/src/server/webhooks.js";
import type { InboxStore } from "../../inbox/src/store/store.js";
import { secretBytes } from "../../inbox/src/store/webhook-secrets.js";
import { type Bytes, concat, utf8 } from "../../src/bytes.js";
import { bytesOf } from "../actors.js";
import { mutateBytes } from "../mutate/bytes.js";
import { mutateText } from "../mutate/text.js";
import { type Hook, judgeHook, judgeSecrets } from "../oracle/hook.js";
import { hashOf, type Random } from "../random.js";
import { holds, type Target } from "../target.js";

/** Unix seconds. */
const NOW = 1_700_000_000;
const SECRETS = [24, 32, 64].map((length) => secretOf(length));
const TOKEN = "seal-inbox-fuzz";

export const hook: Target = {
  name: "hook",
  maxBytes: 4096,
  seeds: async () => [
    written(signed({ body: utf8("x") })),
    written(signed({ secrets: SECRETS, body: utf8('{"a":1}') })),
    written(signed({ id: "a".repeat(256), timestamp: `${NOW - 300}` })),
    written(signed({ timestamp: `${NOW + 300}` })),
    written({ ...signed({}), signatures: "" }),
  ],
  mutate: (input, other, random) =>
    random.oneIn(2) ? varied(input, random) : (random.oneIn(3) ? mutateBytes : mutateText)(input, other, random),
  run,
};

function secretOf(length: number): string {
  return `whsec_${Buffer.from(bytesOf(`secret ${length}`, length)).toString("base64")}`;
}

/** Signed under the first of its secrets. */
function signed(hook: Partial<Hook>): Hook {
  const whole = { secrets: [SECRETS[0]!], id: "msg_1", timestamp: `${NOW}`, body: utf8("body"), ...hook };
  const key = Buffer.from((whole.secrets[0] ?? "").replace("whsec_", ""), "base64");
  const digest = createHmac("sha256", key).update(`${whole.id}.${whole.timestamp}.`).update(whole.body);
  return { ...whole, signatures: `v1,${digest.digest("base64")}` };
}

/** Four lines, and the body behind them. */
function written({ secrets, id, timestamp, signatures, body }: Hook): Bytes {
  return concat(utf8(`${secrets.join(",")}\n${id}\n${timestamp}\n${signatures}\n`), body);
}

function hookOf(input: Uint8Array): Hook {
  const [secrets = "", id = "", timestamp = "", signatures = ""] = Buffer.from(input).toString("latin1").split("\n");
  const start = [secrets, id, timestamp, signatures].join("\n").length + 1;
  return { secrets: secrets.split(","), id, timestamp, signatures, body: input.slice(start) };
}

/** Another field, signed anew most often; or other signatures beside its own. */
function varied(input: Bytes, random: Random): Bytes {
  const old = hookOf(input);
  const fields: Partial<Hook>[] = [
    { timestamp: `${NOW + random.pick([-301, -300, -299, 0, 299, 300, 301, 10 ** 6])}` },
    { timestamp: random.pick(["", "now", "1e9", "-1", `0${NOW}`, `${NOW}.5`, `000${NOW}`]) },
    { id: random.pick(["", "a.b", "a b", "x".repeat(257), "\u00e9", "msg_2", "~"]) },
    { secrets: [secretOf(random.pick([0, 1, 23, 24, 64, 65]))] },
    { secrets: [...old.secrets, random.pick(SECRETS)].slice(0, 6) },
    { secrets: [old.secrets[0]!.replace("whsec_", random.pick(["", "whsec", "WHSEC_"]))] },
  ];
  const field = random.pick(fields);
  const made = random.oneIn(4) ? { ...old, ...field } : signed({ ...old, ...field });
  const beside = random.pick(["v1,", `v1,${"A".repeat(43)}=`, "v2,x", ""]);
  const count = random.oneIn(3) ? random.pick([1, 15, 16, 17]) : 0;
  return written({ ...made, signatures: [...Array(count).fill(beside), made.signatures].join(" ") });
}

async function run(input: Bytes): Promise<string> {
  const sent = hookOf(input);
  const keys = judgeSecrets(sent.secrets);
  const grant = await granted(sent);
  holds((grant !== null) === (keys !== null), "a token has secrets that are none, or not those that it has");
  if (!grant) return "no token";
  holds(grant.secrets.length === keys!.length, "a token has other secrets than it was given");
  const told = outcome(sent, grant.secrets);
  const isDue = judgeHook(sent, NOW);
  holds((told === "taken") === isDue, isDue ? `a good webhook is refused: ${told}` : "a webhook is taken that is none");
  return `${told} ${grant.secrets.length}`;
}

function outcome({ id, timestamp, signatures, body }: Hook, secrets: readonly string[]): string {
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures };
  try {
    checkSignature(webhookOf(headers, NOW * 1000), secrets.map(secretBytes), Buffer.from(body));
    return "taken";
  } catch (error) {
    holds(error instanceof Problem && error.problem === "bad-signature", `an error that is none of ours: ${error}`);
    holds(!secrets.some((secret) => error.message.includes(secret.slice(6))), "a secret is shown");
    return error.message;
  }
}

/** What the token of an address allows, as it is stored; in a header, it is none. */
async function granted({ secrets }: Hook) {
  const token = `${TOKEN}-${hashOf(utf8(secrets.join()))}`;
  const stored = JSON.stringify({ role: "producer", name: "hook", created: "", way: "url", secrets });
  const hash = createHash("sha256").update(`url ${token}`).digest("hex");
  const tokens = { get: async (digest: string) => (digest === hash ? stored : null) };
  const store = { place: () => ({ tokens }) } as unknown as InboxStore;
  const bearers = new Bearers(store, 1);
  for (const other of [token, `url ${token}`, hash])
    holds((await bearers.find("till", other, "header")) === null, "what an address has is taken in a header");
  holds((await bearers.find("till", `${token}x`, "url")) === null, "another token is taken");
  return (await bearers.find("till", token, "url"))?.grant ?? null;
}
