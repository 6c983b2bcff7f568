// Opening a sealed file: what it says of itself, whether its sender is accepted, then opening it into a file.

import { type Identity, type InspectResult, inspect, kindOf, open } from "../library.js";
import { canBeTemporary, removeLeftovers } from "../save/temporary.js";
import { PLACE } from "../state/place.js";
import { accept, acceptedWith, nameOf as contactOf, revocationOf } from "../state/senders.js";
import { held, isHeld, whenHeld } from "../state/session.js";
import { TEXT } from "../text.js";
import { type Child, h } from "../ui/dom.js";
import { failure } from "../ui/failure.js";
import { fingerprintShown, keyShown } from "../ui/keys.js";
import { button, check, facts, field, paragraph, says, section, textInput } from "../ui/parts.js";
import { dateText, sizeText } from "../ui/quantities.js";
import { bdi } from "../ui/safe.js";
import { type Given, inputChoice, inputOf, nameOf } from "./input.js";
import { saving } from "./running.js";
import { frame, type Going, Stage, type Task, type View } from "./view.js";

const DAY = 86_400;

export function openView(going: Going, readJournal: (file: File) => void): View {
  const stage = new Stage();
  const start = () =>
    stage.begin(
      keyNeeded(going),
      inputChoice((given) => void look(given)),
    );
  const again = () => h("div", { class: "row" }, button(TEXT.common.again, start));
  const look = async (given: Given) => {
    const task = stage.task();
    try {
      if (given.is === "file" && (await kindOf(given.file)) === "journal") {
        const go = () => readJournal(given.file);
        task.turn(says("note", TEXT.open.journal, button(TEXT.open.journalGo, go, { main: true })), again());
        return;
      }
      task.turn(paragraph(TEXT.common.working), again());
      const found = await inspect(inputOf(given), { signal: task.over });
      task.turn(...offer({ given, found, stage, task, again, going }));
    } catch (error) {
      task.turn(failure(error, { saves: true, remote: given.is === "address" }), again());
    }
  };
  start();
  whenHeld(() => {
    if (!held() || stage.element.querySelector("[data-start]")) start();
  });
  void removeLeftovers().then((removed) => {
    if (removed > 0) stage.element.prepend(says("note", null, paragraph(TEXT.open.leftovers(removed))));
  });
  return frame(TEXT.open.title, TEXT.open.intro, stage.element);
}

/** Nothing where a key is unlocked. */
export function keyNeeded({ go }: Going): Child {
  if (held()) return h("div", { "data-start": "" });
  return h(
    "div",
    { class: "says note", "data-start": "" },
    paragraph(TEXT.common.unlockFirst),
    button(TEXT.common.unlockGo, () => go("key")),
  );
}

interface Offer {
  readonly given: Given;
  readonly found: InspectResult;
  readonly stage: Stage;
  readonly task: Task;
  readonly again: () => HTMLElement;
  readonly going: Going;
}

/** What the file says, and the way on. */
function offer(offered: Offer): Child[] {
  const { found, again, going } = offered;
  const { signer, label, sealedAt, bytes } = found;
  const about = section(
    TEXT.open.says,
    paragraph(TEXT.open.saysHint, "hint"),
    facts([
      [TEXT.common.signer, signer === null ? TEXT.common.unsigned : keyShown(signer)],
      [TEXT.common.fingerprint, signer === null ? null : fingerprintShown(signer)],
      [TEXT.common.label, label === "" ? TEXT.common.none : bdi(label)],
      [TEXT.common.when, TEXT.common.times(dateText(sealedAt))],
      [TEXT.common.size, sizeText(bytes)],
    ]),
  );
  if (signer === null)
    return [about, says("bad", TEXT.failure.untrusted, paragraph(TEXT.open.unsignedRefused)), again()];
  const revoked = revocationOf(signer);
  if (revoked !== null)
    return [about, says("bad", TEXT.failure.revoked, paragraph(TEXT.open.revoked(revoked))), again()];
  const holder = held();
  if (!holder) return [about, keyNeeded(going), again()];
  const { identity } = holder;
  const demands = demandFields();
  const room = h("div");
  const go = button(TEXT.open.go, () => void openNow(offered, identity, demands), {
    main: true,
  });
  const known = acceptedWith(identity).includes(signer);
  go.disabled = !known;
  const name = contactOf(signer);
  const trust = known
    ? says("good", null, paragraph(name === null ? TEXT.open.known : TEXT.open.knownAs(name)))
    : says("note", TEXT.open.unknown, paragraph(TEXT.open.unknownHint), acceptBox(TEXT.open.accept, signer, go));
  void sayRoom(room, bytes);
  return [about, trust, demands.element, room, h("div", { class: "row" }, go), again()];
}

/** The word of the user that a fingerprint was compared; only then the button can be pressed. */
export function acceptBox(text: string, signer: string, go: HTMLButtonElement): HTMLElement {
  const [element] = check(text, (isOn) => {
    accept(signer, isOn);
    go.disabled = !isOn;
  });
  return element;
}

interface Demands {
  readonly element: HTMLElement;
  readonly label: HTMLInputElement;
  readonly age: HTMLInputElement;
}

export function demandFields(): Demands {
  const label = textInput({ dir: "auto" });
  const age = textInput({ type: "number", min: 1, step: 1, inputmode: "numeric" });
  const element = h(
    "details",
    {},
    h("summary", {}, TEXT.open.demands),
    field(TEXT.open.demandLabel, label),
    field(TEXT.open.demandAge, age),
  );
  return { element, label, age };
}

/** As the library takes them. */
export function demandsOf({ label, age }: Demands): { label?: string; maxAge?: number } {
  return {
    ...(label.value !== "" && { label: label.value }),
    ...(age.value !== "" && { maxAge: Number(age.value) * DAY }),
  };
}

async function sayRoom(place: HTMLElement, bytes: number): Promise<void> {
  if (PLACE.hasPicker) return place.append(paragraph(TEXT.open.pickedHint, "hint"));
  if (!(await canBeTemporary())) return place.append(paragraph(TEXT.open.memoryHint, "hint"));
  place.append(paragraph(TEXT.open.temporaryHint, "hint"));
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  if (bytes > quota - usage)
    place.append(says("note", null, paragraph(TEXT.open.noRoom(sizeText(bytes), sizeText(quota - usage)))));
}

async function openNow(
  { given, stage, task, again, going }: Offer,
  identity: Identity,
  demands: Demands,
): Promise<void> {
  // Another file may have come in its place.
  if (task.over.aborted) return;
  if (!isHeld(identity)) return stage.turn(keyNeeded(going), again());
  const from = acceptedWith(identity);
  const whole = nameOf(given);
  return saving({
    stage,
    again,
    heading: TEXT.open.running,
    remote: given.is === "address",
    name: whole.replace(/\.sealed$/i, ""),
    otherwise: TEXT.open.otherwise,
    work: (output, { signal, progress }) =>
      open(inputOf(given), output, { keys: [identity], from, ...demandsOf(demands), signal, progress }),
    done: ({ signer, label, sealedAt, bytes, digest }) => ({
      heading: TEXT.open.done,
      children: [
        facts([
          [TEXT.common.signer, signer === null ? TEXT.common.unsigned : keyShown(signer)],
          [TEXT.common.fingerprint, signer === null ? null : fingerprintShown(signer)],
          [TEXT.common.label, label === "" ? TEXT.common.none : bdi(label)],
          [TEXT.common.when, TEXT.common.times(dateText(sealedAt))],
          [TEXT.common.size, sizeText(bytes)],
          [TEXT.common.digest, digest && h("span", { class: "key" }, digest)],
        ]),
      ],
    }),
  });
}
