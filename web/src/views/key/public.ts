// The public key: what the user gives to those who seal, and who want to know what the user signed.

import type { Identity } from "../../library.js";
import { download } from "../../save/download.js";
import type { Holder } from "../../state/session.js";
import { TEXT } from "../../text.js";
import { h } from "../../ui/dom.js";
import { fingerprintShown } from "../../ui/keys.js";
import { button, copier, facts, field, paragraph, section, textArea } from "../../ui/parts.js";

export function publicPart({ identity }: Holder): HTMLElement {
  const { key } = TEXT;
  const save = () => download(new Blob([publicText(identity)], { type: "text/plain" }), key.publicName);
  return section(
    key.publicTitle,
    paragraph(key.publicIntro),
    identity.recipient === null ? paragraph(key.onlySigns) : keyPart(key.opensAs, identity.recipient),
    identity.signer === null ? paragraph(key.onlyOpens) : keyPart(key.signsAs, identity.signer),
    h("div", { class: "row" }, button(key.savePublic, save)),
  );
}

function keyPart(label: string, text: string): HTMLElement {
  const area = textArea({ readonly: true });
  area.value = text;
  return h(
    "div",
    {},
    field(label, area),
    h("p", {}, copier(text)),
    facts([[TEXT.common.fingerprint, fingerprintShown(text)]]),
  );
}

/** The text of a public key file. */
function publicText({ recipient, signer }: Identity): string {
  return ["# seal public keys", recipient, signer, ""].filter((line) => line !== null).join("\n");
}
