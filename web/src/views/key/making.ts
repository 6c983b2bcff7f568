// Making a key: a passphrase, the key file saved, the saved copy seen; only then the public key.

import { Identity } from "../../library.js";
import { download } from "../../save/download.js";
import { sameBytes, saveAndReadBack } from "../../save/picked.js";
import { NoPlace } from "../../save/target.js";
import { madeUpPassphrase } from "../../state/made-up.js";
import { PLACE } from "../../state/place.js";
import { held, hold } from "../../state/session.js";
import { TEXT } from "../../text.js";
import { h } from "../../ui/dom.js";
import { failure } from "../../ui/failure.js";
import { button, check, chooser, field, paragraph, says, section, textInput } from "../../ui/parts.js";
import type { Stage } from "../view.js";

/** Characters of the shortest passphrase. */
const LEAST = 12;

export function makingPart(stage: Stage, back: () => void): HTMLElement {
  const { key } = TEXT;
  const first = textInput({ type: "password", autocomplete: "new-password" });
  const second = textInput({ type: "password", autocomplete: "new-password" });
  const [showing] = check(key.show, (isOn) => {
    for (const input of [first, second]) input.type = isOn ? "text" : "password";
  });
  const said = h("div");
  const suggested = h("div", { role: "status" });
  const suggest = () => {
    const made = madeUpPassphrase();
    first.value = made;
    second.value = made;
    suggested.replaceChildren(paragraph(key.suggested, "hint"), h("p", { class: "print" }, made));
  };
  const submit = button(key.makeGo, () => {}, { main: true, type: "submit" });
  const make = async () => {
    if ([...first.value].length < LEAST) return said.replaceChildren(says("bad", key.short(LEAST)));
    if (first.value !== second.value) return said.replaceChildren(says("bad", key.differ));
    submit.disabled = true;
    said.replaceChildren(h("p", { role: "status" }, key.making));
    const passphrase = new TextEncoder().encode(first.value);
    try {
      await new Promise((resolve) => setTimeout(resolve, 30));
      const { identity, secretFile } = await Identity.generate({ passphrase });
      for (const input of [first, second]) input.value = "";
      // Who has unlocked another key meanwhile uses that.
      if (!held()) stage.turn(savingPart({ identity, file: Uint8Array.from(secretFile) }, back));
      secretFile.fill(0);
    } catch (error) {
      said.replaceChildren(failure(error));
    } finally {
      passphrase.fill(0);
      submit.disabled = false;
    }
  };
  const onSubmit = (event: Event) => {
    event.preventDefault();
    void make();
  };
  return section(
    key.make,
    paragraph(key.makeIntro),
    h(
      "form",
      { on: { submit: onSubmit } },
      field(key.newPassphrase, first, key.newHint(LEAST)),
      field(key.repeat, second),
      showing,
      h("div", { class: "row" }, button(key.suggest, suggest)),
      suggested,
      said,
      submit,
    ),
  );
}

interface Made {
  readonly identity: Identity;
  readonly file: Uint8Array<ArrayBuffer>;
}

/** Holds the key when the saved copy has been seen. */
function savingPart({ identity, file }: Made, back: () => void): HTMLElement {
  const { key } = TEXT;
  const said = h("div");
  const seen = (isSame: boolean) => {
    if (!isSame) return said.replaceChildren(says("bad", key.differs), ...(PLACE.hasPicker ? [] : [chooseSaved]));
    hold({ identity, name: key.newName, file });
  };
  const save = async () => {
    if (!PLACE.hasPicker) {
      download(new Blob([file], { type: "text/plain" }), key.fileName);
      return said.replaceChildren(paragraph(key.checkHint, "hint"), chooseSaved);
    }
    try {
      seen(await saveAndReadBack(key.fileName, file));
    } catch (error) {
      if (!(error instanceof NoPlace)) said.replaceChildren(failure(error));
    }
  };
  const compare = async (chosen: File) => seen(await sameBytes(chosen, file));
  const chooseSaved = chooser(key.checkGo, ([chosen]) => void compare(chosen!).catch(() => seen(false)));
  return section(
    key.saveTitle,
    paragraph(key.saveIntro),
    h(
      "div",
      { class: "row" },
      button(key.saveGo, () => void save(), { main: true }),
      button(TEXT.common.again, back),
    ),
    said,
  );
}
