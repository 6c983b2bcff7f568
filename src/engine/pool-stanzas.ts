// Stanzas on the threads of a pool, or of Node's own.

import type { Suite } from "../crypto/suite.js";
import type { Crew } from "./crew.js";
import type { StanzaMaker, StanzaOpener, TrialKeys } from "./engine.js";
import type { Member } from "./member.js";
import { runTrialsAside, stanzaMakerHere, stanzaOpenerHere } from "./stanzas.js";

/** Fewer stanzas are done before a thread has started. */
const MANY_STANZAS = 256;
/** The same where none need be started: Node's own are there. */
const SOME_STANZAS = 32;
/** Of stanzas, one is at hand when the calling thread looks for it. */
const HERE = 1;

/** null where they are too few to be worth a thread. */
export function stanzaMaker(suite: Suite, count: number, crew: Crew): StanzaMaker | null {
  if (count < MANY_STANZAS) return null;
  const here = stanzaMakerHere(suite);
  return {
    get width() {
      return crew.width(HERE);
    },
    make: (task) =>
      crew.do(
        suite.name,
        (member) => member.make(task),
        () => here.make(task),
      ),
  };
}

const canAside = ({ keys }: TrialKeys) => keys.every(({ decapsulateAside }) => decapsulateAside);

/** Tasks in flight, so that Node's pool seldom waits for this thread. */
const ASIDE = 16;

/** What takes longest is done by threads of Node's pool, which are there at once, and the rest here. */
function asideOpener(suite: Suite, keys: TrialKeys): StanzaOpener {
  return { width: ASIDE, open: (task, pace) => runTrialsAside(suite, keys, task, pace), close: () => {} };
}

/** null where they are too few to be worth a thread. */
export function stanzaOpener(
  suite: Suite,
  trialKeys: TrialKeys,
  count: number,
  threads: { readonly session: number; readonly crew: Crew },
): StanzaOpener | null {
  if (canAside(trialKeys)) return count < SOME_STANZAS ? null : asideOpener(suite, trialKeys);
  return count < MANY_STANZAS ? null : crewOpener(suite, trialKeys, threads.session, threads.crew);
}

/** Keys of which one cannot be handed to a thread are tried here. */
function crewOpener(suite: Suite, trialKeys: TrialKeys, session: number, crew: Crew): StanzaOpener {
  const here = stanzaOpenerHere(suite, trialKeys);
  const { keys: all, info } = trialKeys;
  const keys = all.flatMap(({ shared = [] }) => shared);
  const told = new Set<Member>();
  const tell = (member: Member): Member => {
    if (!told.has(member)) member.tell({ say: "trial keys", session, keys, info });
    told.add(member);
    return member;
  };
  return {
    get width() {
      return crew.width(HERE);
    },
    open: (task, pace) => {
      const by = keys.length === all.length ? (member: Member) => tell(member).open(session, task) : null;
      return crew.do(suite.name, by, () => here.open(task, pace));
    },
    close: () => {
      for (const member of told) member.tell({ say: "tried", session });
    },
  };
}
