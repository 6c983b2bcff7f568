// Picking up from an inbox what is new, or reading a journal from a file.

import { fetchPart, type Journal, type Part } from "../journal/fetching.js";
import type { InboxLink } from "../journal/link.js";
import { SealError } from "../library.js";
import { forgetCursor, keptCursor } from "../state/cursors.js";
import { whileRunning } from "../state/running.js";
import { acceptedWith, revocationOf } from "../state/senders.js";
import { type Holder, held, whenHeld } from "../state/session.js";
import { TEXT } from "../text.js";
import { type Child, h } from "../ui/dom.js";
import { failure } from "../ui/failure.js";
import { fingerprintShown, keyShown, keysField } from "../ui/keys.js";
import { button, chooser, facts, field, paragraph, says, section, textInput } from "../ui/parts.js";
import { addressOf } from "./input.js";
import { acceptBox, keyNeeded } from "./open.js";
import { partShown } from "./pickup/part.js";
import { frame, type Going, Stage, type View } from "./view.js";

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
  readonly from: readonly string[];
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
    stage.show(keyNeeded(going), form, file);
  };
  const again = () => h("div", { class: "row" }, button(TEXT.common.again, start));
  const holderNow = () => {
    const holder = held();
    if (holder) return holder;
    throw new SealError("usage", TEXT.common.unlockFirst);
  };
  /** The inbox that the form names. Throws `usage`. */
  const ask = async () => {
    const holder = holderNow();
    const url = addressOf(address.value);
    if (url === null) throw new SealError("usage", TEXT.common.badAddress);
    const given = keys.text === "" ? [] : (await keys.keys()).signers;
    const journal: Journal = { is: "inbox", address: url, token: token.value.trim() };
    const kept = await keptCursor(holder.identity, url);
    const cursor = kept.is === "cursor" ? kept.cursor : null;
    const where = kept.is === "cursor" ? pickup.since : kept.is === "bad" ? pickup.badPlace : pickup.whole;
    await confirmed({ journal, holder, label: label.value, cursor }, given, where);
  };
  const ofFile = async (file: File) => {
    try {
      const journal: Journal = { is: "file", file, name: file.name };
      const given = keys.text === "" ? [] : (await keys.keys()).signers;
      await confirmed({ journal, holder: holderNow(), label: label.value, cursor: null }, given, null);
    } catch (error) {
      stage.turn(keyNeeded(going), failure(error), again());
    }
  };
  /** Reads at once where the signer is accepted already; else the user is asked to compare its fingerprint. */
  const confirmed = async (wanted: Omit<Wanted, "from">, given: readonly string[], where: string | null) => {
    const accepted = acceptedWith(wanted.holder.identity);
    const unknown = given.filter((signer) => !accepted.includes(signer));
    for (const signer of unknown) {
      const revoked = revocationOf(signer);
      if (revoked !== null) throw new SealError("untrusted", TEXT.open.revoked(revoked), { signer });
    }
    const [signer] = unknown;
    const from = () => (given.length > 0 ? given : acceptedWith(wanted.holder.identity));
    if (signer === undefined) return read({ ...wanted, from: from() }, where);
    const go = button(pickup.go, () => void read({ ...wanted, from: from() }, where), { main: true });
    go.disabled = true;
    stage.turn(
      says(
        "note",
        TEXT.open.unknown,
        paragraph(TEXT.open.unknownHint),
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
  const read = async (wanted: Wanted, where: string | null): Promise<void> => {
    const stopping = new AbortController();
    const line = h("p", { class: "quiet", role: "status" });
    const stop = () => stopping.abort(new DOMException("stopped", "AbortError"));
    stage.turn(section(pickup.running, where && paragraph(where, "hint"), line, button(TEXT.common.stop, stop)));
    try {
      const { identity } = wanted.holder;
      const part = await whileRunning(() =>
        fetchPart(wanted.journal, {
          ...wanted,
          identity,
          skipRemoved: wanted.skipRemoved ?? false,
          skipUnreadable: wanted.skipUnreadable ?? false,
          signal: stopping.signal,
          progress: (records) => {
            line.textContent = pickup.found(records);
          },
        }),
      );
      stage.turn(...shown(part, wanted, where), again());
    } catch (error) {
      stage.turn(failure(error, { remote: wanted.journal.is === "inbox" }), again());
    }
  };
  const shown = (part: Part, wanted: Wanted, where: string | null): Child[] => {
    const onward = (more: Partial<Wanted>) => void read({ ...wanted, ...more }, null);
    const forget = async (address: string) => {
      await forgetCursor(wanted.holder.identity, address);
      await read({ ...wanted, cursor: null }, pickup.whole);
    };
    const { journal } = wanted;
    const anew =
      journal.is === "inbox" && wanted.cursor !== null && button(pickup.forget, () => void forget(journal.address));
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
    if (stage.element.querySelector("[data-start]")) start();
  });
  return { ...frame(pickup.title, pickup.intro, stage.element), read: (file) => void ofFile(file), follow };
}
