// The user's key: using one, making one, keeping a copy, and whom it accepts.

import { acceptedWith, useContacts, whenAccepted } from "../state/senders.js";
import { held, hold, whenHeld } from "../state/session.js";
import { TEXT } from "../text.js";
import { h, put } from "../ui/dom.js";
import { failure } from "../ui/failure.js";
import { keyShown } from "../ui/keys.js";
import { button, chooser, paragraph, says, section } from "../ui/parts.js";
import { keepingPart } from "./key/keeping.js";
import { makingPart } from "./key/making.js";
import { publicPart } from "./key/public.js";
import { unlockingPart } from "./key/unlocking.js";
import { frame, type Going, Stage, type View } from "./view.js";

export function keyView(_going: Going): View {
  const stage = new Stage();
  const show = () => {
    const holder = held();
    if (!holder) return stage.show(unlockingPart(), makingPart(stage, show));
    const lock = button(TEXT.key.lock, () => hold(null));
    return stage.show(publicPart(holder), h("div", { class: "row" }, lock), keepingPart(holder), sendersPart());
  };
  show();
  whenHeld(show);
  whenAccepted(showSenders);
  return frame(TEXT.key.title, TEXT.key.intro, stage.element);
}

const senders = h("div");

/** All of them, so that none is accepted unseen. */
function showSenders(): void {
  const holder = held();
  const accepted = holder ? acceptedWith(holder.identity) : [];
  if (accepted.length === 0) put(senders, paragraph(TEXT.key.sendersNone));
  else put(senders, h("ul", {}, ...accepted.map((signer) => h("li", {}, keyShown(signer)))));
}

function sendersPart(): HTMLElement {
  showSenders();
  const { key } = TEXT;
  const said = h("div");
  const read = async (file: File) => {
    try {
      const { names, revoked } = await useContacts(await file.text());
      said.replaceChildren(says("good", null, paragraph(key.contactsDone(names, revoked))));
    } catch (error) {
      said.replaceChildren(failure(error));
    }
  };
  return section(
    key.senders,
    paragraph(key.sendersHint, "hint"),
    senders,
    chooser(key.contacts, ([file]) => void read(file!)),
    said,
  );
}
