// What was found in a journal, and the ways on: saving it, marking it as picked up, going on behind it.

import { acknowledge } from "../../journal/acknowledging.js";
import { archive, jsonLines } from "../../journal/export.js";
import type { Part } from "../../journal/fetching.js";
import { SealError } from "../../library.js";
import { download } from "../../save/download.js";
import { keepCursor, keepsCursors } from "../../state/cursors.js";
import { isHeld } from "../../state/session.js";
import { TEXT } from "../../text.js";
import { type Child, h } from "../../ui/dom.js";
import { failure } from "../../ui/failure.js";
import { fingerprintShown, keyShown } from "../../ui/keys.js";
import { button, facts, paragraph, says, section } from "../../ui/parts.js";
import { recordList } from "../../ui/records.js";
import { bdi } from "../../ui/safe.js";
import type { Wanted } from "../pickup.js";

type Onward = (more: Partial<Wanted>) => void;

export function partShown(part: Part, wanted: Wanted, where: string | null, onward: Onward): Child[] {
  const { pickup } = TEXT;
  const { found, error, more, tail, skipped, signer, label } = part;
  const about = facts([
    [TEXT.common.signer, signer && keyShown(signer)],
    [TEXT.common.fingerprint, signer && fingerprintShown(signer)],
    [TEXT.common.label, label && bdi(label)],
  ]);
  const notes = [
    where && paragraph(where, "hint"),
    tail > 0 && paragraph(pickup.tail(tail)),
    skipped > 0 && paragraph(pickup.skipped(skipped)),
  ];
  const onwards = error === null ? [] : stopped(part, wanted, onward);
  if (found.length === 0 && error !== null) return [...onwards];
  if (found.length === 0) return [says("good", pickup.nothing, paragraph(pickup.nothingHint), ...notes, about)];
  return [
    says(more ? "note" : "good", pickup.found(found.length), more && paragraph(pickup.partly), ...notes, about),
    ...onwards,
    section(TEXT.pickup.records, savingRow(part), recordList(found)),
    marking(part, wanted, onward),
  ];
}

/** Why it went no further, and what the user may decide. */
function stopped(part: Part, wanted: Wanted, onward: Onward): Child[] {
  const { pickup } = TEXT;
  const { error, cursor } = part;
  const reason = error instanceof SealError ? error.reason : undefined;
  const goOn = (text: string, more: Partial<Wanted>) =>
    button(text, () => onward({ cursor: cursor ?? wanted.cursor, ...more }));
  if (reason === "removed") return [says("note", pickup.removed, goOn(pickup.skipRemoved, { skipRemoved: true }))];
  if (reason === "other-recipients") {
    return [says("note", pickup.unreadable, goOn(pickup.skipUnreadable, { skipUnreadable: true }))];
  }
  return [failure(error, { shows: part.found.length > 0, remote: wanted.journal.is === "inbox" })];
}

function savingRow({ found }: Part): HTMLElement {
  const { pickup } = TEXT;
  const said = h("p", { role: "status" });
  const lines = () => download(jsonLines(found), "records.jsonl");
  const files = () => {
    const made = archive(found, pickup.recordName);
    if (made) download(made, "records.zip");
    said.textContent = made ? "" : pickup.tooMany;
  };
  return h("div", {}, h("div", { class: "row" }, button(pickup.lines, lines), button(pickup.files, files)), said);
}

/** The place moves only when the user says so: what was not saved comes again. */
function marking({ cursor, more }: Part, wanted: Wanted, onward: Onward): HTMLElement {
  const { pickup } = TEXT;
  const { journal, holder } = wanted;
  const said = h("div", { class: "row" });
  const next = more && button(pickup.more, () => onward({ cursor }));
  if (journal.is === "file") return h("div", {}, paragraph(pickup.notKept, "hint"), h("div", { class: "row" }, next));
  if (!keepsCursors(holder.identity)) {
    return h("div", {}, paragraph(pickup.markedNowhere, "hint"), h("div", { class: "row" }, next));
  }
  const told = () =>
    acknowledge(journal, cursor!).then(
      (isTold) => (isTold ? pickup.acknowledged : pickup.notAcknowledged),
      (error) => pickup.acknowledgedLater((error as Error).message),
    );
  const mark = async () => {
    try {
      if (!isHeld(holder.identity)) throw new SealError("usage", TEXT.common.unlockFirst);
      await keepCursor(holder.identity, journal.address, cursor!);
      said.replaceChildren(says("good", null, paragraph(pickup.marked), paragraph(await told()), next));
    } catch (error) {
      said.replaceChildren(failure(error));
    }
  };
  return section(
    pickup.mark,
    paragraph(pickup.markHint),
    h(
      "div",
      { class: "row" },
      button(pickup.mark, () => void mark(), { main: true }),
    ),
    said,
  );
}
