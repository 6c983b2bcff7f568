// Which page this is, whom the user trusts by using it, and what differs where it is.

import { canBeTemporary } from "../save/temporary.js";
import { type OwnParts, ownHash } from "../state/own-file.js";
import { PLACE } from "../state/place.js";
import { TEXT } from "../text.js";
import { h } from "../ui/dom.js";
import { facts, paragraph, section } from "../ui/parts.js";
import { frame, type View } from "./view.js";

declare const SEAL_VERSION: string;

export function aboutView(parts: OwnParts): View {
  const { about } = TEXT;
  const hash = h("span", { class: "key", id: "own-hash" });
  void ownHash(parts).then((text) => {
    hash.textContent = text;
  });
  const saves = h("p");
  void savingText().then((text) => {
    saves.textContent = text;
  });
  const list = (lines: readonly string[]) => h("ul", {}, ...lines.map((line) => h("li", {}, line)));
  return frame(
    about.title,
    about.version(SEAL_VERSION),
    section(about.trustTitle, list(about.trust)),
    section(
      about.hash,
      facts([["SHA-256", hash]]),
      paragraph(about.hashHint),
      h("pre", { tabindex: "0" }, about.command),
    ),
    section(
      about.diskTitle,
      paragraph(PLACE.isFile ? about.disk : about.web(PLACE.origin)),
      PLACE.isFile ? list(about.diskList) : h("span"),
    ),
    section(about.savesTitle, saves),
    h("details", {}, h("summary", {}, about.licences), h("pre", { tabindex: "0" }, parts.notices)),
  );
}

async function savingText(): Promise<string> {
  const { savesPicked, savesTemporary, savesMemory } = TEXT.about;
  if (PLACE.hasPicker) return savesPicked;
  return (await canBeTemporary()) ? savesTemporary : savesMemory;
}
