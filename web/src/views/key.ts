// The user's key: using one, making one, keeping a copy, and whom it accepts.

import { useContacts } from "../state/senders.js";
import { held, hold, whenHeld } from "../state/session.js";
import { TEXT } from "../text.js";
import { h } from "../ui/dom.js";
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
  return frame(TEXT.key.title, TEXT.key.intro, stage.element);
}

function sendersPart(): HTMLElement {
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
  const accepted = held()!.identity.accept;
  const list =
    accepted.length === 0
      ? paragraph(key.sendersNone)
      : h("ul", {}, ...accepted.map((signer) => h("li", {}, keyShown(signer))));
  return section(
    key.senders,
    paragraph(key.sendersHint, "hint"),
    list,
    chooser(key.contacts, ([file]) => void read(file!)),
    said,
  );
}
