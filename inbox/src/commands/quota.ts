// seal-inbox quota

import { SealError } from "@sealed-files/seal";
import { type Arguments, type Command, type Report, STORE } from "../arguments.js";
import {
  type Limits,
  limitsOfInbox,
  limitsOfProducer,
  MOST,
  MOST_NAMED,
  type Named,
  type Rules,
} from "../quotas/limits.js";
import { checkName } from "../store/names.js";
import type { InboxStore } from "../store/store.js";
import { withStore } from "./store.js";

export const quota: Command = {
  name: "quota",
  words: ["INBOX", "show|set|clear"],
  summary: "Show or change how much an inbox accepts, in all and from each producer.",
  flags: {
    producer: { value: "NAME", help: "the quota of this producer alone, instead of the one that each has" },
    producers: { help: "the quota of each producer that has none of its own" },
    rate: { value: "N", help: "requests a second, on average, or none for no limit" },
    burst: { value: "N", help: "with --rate: requests that may come at once (default: the same number)" },
    bytes: { value: "N", help: "bytes of bodies a day, such as 500m or 20g (powers of 1024), or none" },
    keys: { value: "N", help: "idempotency keys that are kept at a time, or none" },
    ...STORE,
  },
  notes:
    "Without --producer or --producers, the quota is that of the inbox as a whole. set changes only the limits that it names; clear restores the defaults: 64g a day for an inbox, 32g a day for a producer, and no other limit. A running service notices within 5 seconds, and starts counting again for the limits that have changed. Whoever exceeds a quota gets 429, with the time to wait. Each process counts for itself and starts from zero; an inbox is counted by the service that has it open.",
  run: (args, report) =>
    withStore(args, async (store) => {
      const [inbox, what] = args.words as [string, string];
      if (!Object.hasOwn(ACTIONS, what)) throw new SealError("usage", "say show, set or clear after the inbox");
      await ACTIONS[what as keyof typeof ACTIONS](store, inbox, args, report);
    }),
};

type Action = (store: InboxStore, inbox: string, args: Arguments, report: Report) => Promise<void>;

const LIMITS = ["rate", "burst", "bytes", "keys"] as const;

const show: Action = async (store, inbox, args, report) => {
  const unfit = [...LIMITS, "producer", "producers"].find((flag) => args.has(flag));
  if (unfit !== undefined) throw new SealError("usage", `show takes no --${unfit}`);
  tell(inbox, (await store.settings(inbox)).quotas, report);
};

const set: Action = async (store, inbox, args, report) => {
  const named = namedIn(args);
  if (Object.keys(named).length === 0) throw new SealError("usage", "give --rate, --bytes or --keys");
  await change({ store, inbox, args, report }, (before) => ({ ...before, ...named }));
};

const clear: Action = async (store, inbox, args, report) => {
  const unfit = LIMITS.find((flag) => args.has(flag));
  if (unfit !== undefined) throw new SealError("usage", `clear takes no --${unfit}`);
  await change({ store, inbox, args, report }, () => null);
};

const ACTIONS = { show, set, clear };

interface Asked {
  readonly store: InboxStore;
  readonly inbox: string;
  readonly args: Arguments;
  readonly report: Report;
}

/** `work`: null where nothing is named any more. */
async function change({ store, inbox, args, report }: Asked, work: (before: Named) => Named | null): Promise<void> {
  const producer = args.one("producer");
  if (producer !== undefined && args.has("producers"))
    throw new SealError("usage", "--producer and --producers exclude each other");
  if (producer !== undefined) checkName("a producer", producer);
  const { quotas } = await store.change(inbox, (settings) => {
    const { quotas: rules } = settings;
    if (producer !== undefined) return { ...settings, quotas: withProducer(rules, producer, work) };
    const which = args.has("producers") ? "producers" : "inbox";
    return { ...settings, quotas: { ...rules, [which]: work(rules[which]) ?? {} } };
  });
  tell(inbox, quotas, report);
}

function withProducer(rules: Rules, producer: string, work: (before: Named) => Named | null): Rules {
  const { [producer]: before = {}, ...others } = rules.byName;
  const after = work(before);
  const byName = after ? { ...others, [producer]: after } : others;
  if (Object.keys(byName).length <= MOST_NAMED) return { ...rules, byName };
  throw new SealError("usage", `at most ${MOST_NAMED} producers have quotas of their own`);
}

/** Throws `usage`. */
function namedIn(args: Arguments): Named {
  const given = LIMITS.flatMap((flag) => {
    const text = args.one(flag);
    return text === undefined ? [] : [[flag, limitIn(flag, text)] as const];
  });
  const named = Object.fromEntries(given) as { -readonly [K in keyof Limits]?: Limits[K] };
  if (named.burst !== undefined && (named.rate === undefined || named.rate === null))
    throw new SealError("usage", "--burst needs --rate");
  if (named.rate !== undefined) named.burst ??= named.rate;
  return named;
}

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Throws `usage`. */
function limitIn(flag: (typeof LIMITS)[number], text: string): number | null {
  if (text === "none") return null;
  const [, digits, unit = ""] = /^(\d{1,15})([kmgt]?)$/.exec(text) ?? [];
  const value = Number(digits) * UNITS[unit]!;
  const isFit = value >= 1 && value <= MOST && (unit === "" || flag === "bytes");
  if (isFit) return value;
  throw new SealError("usage", `--${flag} takes a number${flag === "bytes" ? " such as 500m or 20g" : ""}, or none`);
}

function tell(inbox: string, rules: Rules, report: Report): void {
  line(report, { inbox, producer: null }, "the inbox", limitsOfInbox(rules));
  line(report, { inbox, producer: "*" }, "each producer", limitsOfProducer(rules, null));
  for (const name of Object.keys(rules.byName).sort())
    line(report, { inbox, producer: name }, `producer ${name}`, limitsOfProducer(rules, name));
}

function line(report: Report, who: Record<string, string | null>, whom: string, limits: Limits): void {
  const { rate, burst, bytes, keys } = limits;
  const requests = rate === null ? "any number of requests" : `${rate}/s (${burst ?? rate} at once)`;
  const texts = [
    requests,
    bytes === null ? "any number of bytes" : `${bytes} bytes/day`,
    keys === null ? "any number of keys" : `${keys} keys`,
  ];
  report.result({ ...who, rate, burst, bytes, keys }, [whom, ...texts].join("\t"));
}
