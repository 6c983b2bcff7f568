// Unlocking a key: from its file, or from a copy that this browser keeps.

import { escaped, Identity, isProtected, SealError } from "../../library.js";
import { forgetKey, type KeptKey, keptKeys } from "../../state/kept-keys.js";
import { PasskeyError, unwrap } from "../../state/passkey.js";
import { PLACE } from "../../state/place.js";
import { holdSoon } from "../../state/session.js";
import { TEXT } from "../../text.js";
import { h } from "../../ui/dom.js";
import { failure } from "../../ui/failure.js";
import { button, chooser, field, paragraph, says, section, textInput } from "../../ui/parts.js";

interface KeyFile {
  readonly name: string;
  readonly file: Uint8Array<ArrayBuffer>;
}

/** More has no key file. */
const MOST = 1024 * 1024;

export function unlockingPart(): HTMLElement {
  const { key } = TEXT;
  const stage = h("div");
  const chosen = async (file: File) => {
    const bytes = new Uint8Array(await file.slice(0, MOST).arrayBuffer());
    const name = escaped(file.name);
    try {
      if (isProtected(bytes)) return askPassphrase(stage, { name, file: bytes });
      await holdSoon(async () => ({ identity: await Identity.parse(bytes), name, file: null }));
      bytes.fill(0);
    } catch (error) {
      // Where seal's own form asks for none, ssh's does.
      const isSsh = error instanceof SealError && error.code === "no-key";
      stage.replaceChildren(failure(isSsh ? new SealError("usage", key.sshProtected) : error));
    }
  };
  const kept = h("div");
  if (PLACE.keepsKeys) void showKept(kept, stage);
  return section(
    key.have,
    kept,
    chooser(key.chooseFile, ([file]) => void chosen(file!)),
    stage,
  );
}

async function showKept(place: HTMLElement, stage: HTMLElement): Promise<void> {
  const { key } = TEXT;
  const keys = await keptKeys().catch(() => []);
  if (keys.length === 0) return place.replaceChildren();
  const rows = keys.map((kept) => {
    const name = escaped(kept.name);
    const remove = async () => {
      await forgetKey(kept.of);
      await showKept(place, stage);
    };
    return h(
      "div",
      { class: "row" },
      button(key.keptUnlock(name), () => askPassphrase(stage, { name, file: kept.file })),
      kept.passkey && PLACE.hasPasskeys && button(key.keptPasskey(name), () => void byPasskey(stage, kept)),
      button(key.keptForget(name), () => void remove()),
    );
  });
  place.replaceChildren(h("h3", {}, key.kept), ...rows);
}

/** The form for a passphrase; where it fits, the key is held. */
function askPassphrase(stage: HTMLElement, kept: KeyFile): void {
  const { key } = TEXT;
  const input = textInput({ type: "password", autocomplete: "current-password", required: true });
  const said = h("div");
  const submit = button(key.unlock, () => {}, { main: true, type: "submit" });
  const unlock = async () => {
    const passphrase = new TextEncoder().encode(input.value);
    submit.disabled = true;
    said.replaceChildren(h("p", { role: "status" }, key.unlocking));
    try {
      await unlockWith(kept, passphrase);
    } catch (error) {
      said.replaceChildren(wrongOr(error));
      input.select();
    } finally {
      passphrase.fill(0);
      submit.disabled = false;
    }
  };
  const onSubmit = (event: Event) => {
    event.preventDefault();
    void unlock();
  };
  stage.replaceChildren(
    h("form", { on: { submit: onSubmit } }, field(key.passphraseFor(kept.name), input), said, submit),
  );
  input.focus();
}

async function unlockWith({ name, file }: KeyFile, passphrase: Uint8Array): Promise<void> {
  // A turn, so that the browser shows what is being done, also where it has no workers.
  await new Promise((resolve) => setTimeout(resolve, 30));
  await holdSoon(async () => ({ identity: await Identity.parse(file, passphrase), name, file }));
}

function wrongOr(error: unknown): HTMLElement {
  const isWrong = error instanceof SealError && error.code === "no-key";
  return isWrong ? says("bad", TEXT.key.wrong) : failure(error);
}

async function byPasskey(stage: HTMLElement, kept: KeptKey): Promise<void> {
  const { key } = TEXT;
  try {
    const passphrase = await unwrap(kept.passkey!);
    stage.replaceChildren(h("p", { role: "status" }, key.unlocking));
    try {
      await unlockWith({ name: escaped(kept.name), file: kept.file }, passphrase);
    } finally {
      passphrase.fill(0);
    }
  } catch (error) {
    if (error instanceof PasskeyError) stage.replaceChildren(says("note", null, paragraph(wordOf(error))));
    else stage.replaceChildren(failure(error));
  }
}

export function wordOf({ reason }: PasskeyError): string {
  return reason === "no-prf" ? TEXT.key.passkeyNoPrf : TEXT.key.passkeyRefused;
}
