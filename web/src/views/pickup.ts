// Picking up from an inbox what is new, or reading a journal from a file.

import { fetchPart, type Journal, type Part } from "../journal/fetching.js";
import type { InboxLink } from "../journal/link.js";
import { SealError } from "../library.js";
import { forgetCursor, keptCursor } from "../state/cursors.js";
import { whileRunning } from "../state/running.js";
import { acceptedWith, revocationOf } from "../state/senders.js";
import { type Holder, held, isHeld, whenHeld } from "../state/session.js";
import { TEXT } from "../text.js";
import { type Child, h } from "../ui/dom.js";
import { failure } from "../ui/failure.js";
import { fingerprintShown, keyShown, keysField } from "../ui/keys.js";
import { button, chooser, facts, field, paragraph, says, section, textInput } from "../ui/parts.js";
import { addressOf } from "./input.js";
import { acceptBox, keyNeeded } from "./open.js";
import { partShown } from "./pickup/part.js";
import { frame, type Going, Stage, type Task, type View } from "./view.js";

export interface PickupView extends View {
  /** Reads a journal that is here as a file. */
  read(file: File): void;
  /** Fills in what a link says. */
  follow(link: InboxLink): void;
}

/** What reading goes by. */
export interface Wanted {
  readonly journal: Journal;
  readonly holder: Holder;
  /** Whom the user named; null for anybody who is accepted. */
  readonly signer: string | null;
  readonly label: string;
  readonly cursor: Uint8Array | null;
  readonly skipRemoved?: boolean;
  readonly skipUnreadable?: boolean;
}

export function pickupView(going: Going, link: InboxLink | null): PickupView {
  const { pickup } = TEXT;
  const stage = new Stage();
  const address = textInput({ type: "url", inputmode: "url" });
  const token = textInput({ type: "password" });
  const label = textInput({ dir: "auto" });
  const keys = keysField(pickup.from, pickup.fromHint);
  const wrong = h("div");
  const told = h("div");
  const onSubmit = (event: Event) => {
    event.preventDefault();
    void ask().catch((error) => wrong.replaceChildren(failure(error)));
  };
  const form = h(
    "form",
    { class: "card", on: { submit: onSubmit } },
    told,
    field(pickup.address, address, pickup.addressHint),
    field(pickup.token, token, pickup.tokenHint),
    keys.element,
    field(pickup.label, label),
    wrong,
    button(pickup.go, () => {}, { main: true, type: "submit" }),
  );
  const start = () => {
    wrong.replaceChildren();
    const file = h(
      "div",
      { class: "card" },
      chooser(pickup.file, ([chosen]) => void ofFile(chosen!)),
    );
    stage.begin(keyNeeded(going), form, file);
  };
  const again = () => h("div", { class: "row" }, button(TEXT.common.again, start));
  const holderNow = () => {
    const holder = held();
    if (holder) return holder;
    throw new SealError("usage", TEXT.common.unlockFirst);
  };
  /** The signer that the form names; null where it names none. Throws `usage`. */
  const signerNow = async () => {
    if (keys.text === "") return null;
    const [signer, ...others] = new Set((await keys.keys()).signers);
    if (signer === undefined) throw new SealError("usage", pickup.noSigner);
    // One fingerprint is compared, so one signer is accepted.
    if (others.length > 0) throw new SealError("usage", pickup.oneSigner);
    return signer;
  };
  /** The inbox that the form names. Throws `usage`. */
  const ask = async () => {
    const task = stage.task();
    const holder = holderNow();
    const url = addressOf(address.value);
    if (url === null) throw new SealError("usage", TEXT.common.badAddress);
    const signer = await signerNow();
    const journal: Journal = { is: "inbox", address: url, token: token.value.trim() };
    const kept = await keptCursor(holder.identity, url);
    const cursor = kept.is === "cursor" ? kept.cursor : null;
    const where = kept.is === "cursor" ? pickup.since : kept.is === "bad" ? pickup.badPlace : pickup.whole;
    await confirmed({ journal, holder, signer, label: label.value, cursor }, where, task);
  };
  const ofFile = async (file: File) => {
    const task = stage.task();
    try {
      const journal: Journal = { is: "file", file, name: file.name };
      const holder = holderNow();
      const signer = await signerNow();
      await confirmed({ journal, holder, signer, label: label.value, cursor: null }, null, task);
    } catch (error) {
      task.turn(keyNeeded(going), failure(error), again());
    }
  };
  /** Reads at once where the signer is accepted already; else the user is asked to compare its fingerprint. */
  const confirmed = async (wanted: Wanted, where: string | null, task: Task) => {
    const { signer, holder } = wanted;
    if (signer === null || acceptedWith(holder.identity).includes(signer)) return read(wanted, where, task);
    const revoked = revocationOf(signer);
    if (revoked !== null) throw new SealError("untrusted", TEXT.open.revoked(revoked), { signer });
    const go = button(pickup.go, () => void read(wanted, where, task), { main: true });
    go.disabled = true;
    task.turn(
      says(
        "note",
        pickup.unknown,
        paragraph(pickup.unknownHint),
        facts([
          [TEXT.common.signer, keyShown(signer)],
          [TEXT.common.fingerprint, fingerprintShown(signer)],
        ]),
        acceptBox(pickup.accept, signer, go),
      ),
      h("div", { class: "row" }, go),
      again(),
    );
  };
  const read = async (wanted: Wanted, where: string | null, task: Task): Promise<void> => {
    const { identity } = wanted.holder;
    if (task.over.aborted) return;
    if (!isHeld(identity)) return task.turn(keyNeeded(going), again());
    const stopping = new AbortController();
    const line = h("p", { class: "quiet", role: "status" });
    const stop = () => stopping.abort(new DOMException("stopped", "AbortError"));
    task.over.addEventListener("abort", stop);
    task.turn(section(pickup.running, where && paragraph(where, "hint"), line, button(TEXT.common.stop, stop)));
    try {
      const from = acceptedNow(wanted);
      const part = await whileRunning(() =>
        fetchPart(wanted.journal, {
          ...wanted,
          identity,
          from,
          skipRemoved: wanted.skipRemoved ?? false,
          skipUnreadable: wanted.skipUnreadable ?? false,
          signal: stopping.signal,
          progress: (records) => {
            line.textContent = pickup.found(records);
          },
        }),
      );
      task.turn(...shown(part, wanted, where, task), again());
    } catch (error) {
      task.turn(failure(error, { remote: wanted.journal.is === "inbox" }), again());
    }
  };
  const shown = (part: Part, wanted: Wanted, where: string | null, task: Task): Child[] => {
    const onward = (more: Partial<Wanted>) => void read({ ...wanted, ...more }, null, task);
    const forget = async (address: string) => {
      if (!isHeld(wanted.holder.identity)) return task.turn(keyNeeded(going), again());
      await forgetCursor(wanted.holder.identity, address);
      await read({ ...wanted, cursor: null }, pickup.whole, task);
    };
    const { journal } = wanted;
    // A connection that fails says nothing against the place.
    const isBroken = part.error instanceof SealError && part.error.code === "io";
    const anew =
      journal.is === "inbox" &&
      wanted.cursor !== null &&
      !isBroken &&
      button(pickup.forget, () => void forget(journal.address));
    return [...partShown(part, wanted, where, onward), h("div", { class: "row" }, anew)];
  };
  const follow = (next: InboxLink) => {
    [address.value, token.value, label.value] = [next.address, next.token, next.label];
    keys.set(next.from);
    told.replaceChildren(says("note", null, paragraph(pickup.fromLink)));
    start();
  };
  start();
  if (link) follow(link);
  whenHeld(() => {
    if (!held()) token.value = "";
    if (!held() || stage.element.querySelector("[data-start]")) start();
  });
  return { ...frame(pickup.title, pickup.intro, stage.element), read: (file) => void ofFile(file), follow };
}

/** Whose records count now: what was accepted or revoked meanwhile does. Throws `untrusted`. */
function acceptedNow({ signer, holder }: Wanted): readonly string[] {
  const accepted = acceptedWith(holder.identity);
  if (signer === null) return accepted;
  if (accepted.includes(signer)) return [signer];
  const revoked = revocationOf(signer);
  throw new SealError("untrusted", revoked === null ? TEXT.pickup.needAccept : TEXT.open.revoked(revoked), { signer });
}
