// The page: its head, the tasks, and the one that is shown.

import { type InboxLink, linkOf } from "./journal/link.js";
import { ownParts } from "./state/own-file.js";
import { PLACE } from "./state/place.js";
import { held, hold, whenHeld } from "./state/session.js";
import { startWorkers } from "./state/workers.js";
import { TEXT } from "./text.js";
import { focusOn, h, put } from "./ui/dom.js";
import { button, paragraph } from "./ui/parts.js";
import { bdi } from "./ui/safe.js";
import { aboutView } from "./views/about.js";
import { keyView } from "./views/key.js";
import { openView } from "./views/open.js";
import { pickupView } from "./views/pickup.js";
import { sealView } from "./views/seal.js";
import { verifyView } from "./views/verify.js";
import type { Going, Name, View } from "./views/view.js";

const parts = ownParts(document);
const link = takeLink();

if (window.top !== window) put(document.body, paragraph(TEXT.framed));
else if (!PLACE.isUsable) put(document.body, paragraph(TEXT.unusable));
else start();

function start(): void {
  startWorkers();
  const going: Going = { go };
  const pickup = pickupView(going, link);
  // Each is made once, so that what was typed or found stays where it is.
  const views: Readonly<Record<Name, View>> = {
    open: openView(going, (file) => {
      pickup.read(file);
      go("pickup");
    }),
    pickup,
    verify: verifyView(),
    seal: sealView(going),
    key: keyView(going),
    about: aboutView(parts),
  };
  const main = h("main");
  const buttons = (Object.keys(views) as Name[]).map((name) => {
    const item = button(TEXT.views[name], () => go(name));
    return [name, item] as const;
  });
  const holder = h("p", { class: "holder", role: "status" });
  const sayHolder = () => {
    const now = held();
    put(holder, ...(now ? [bdi(TEXT.holder.some(now.name))] : [TEXT.holder.none]));
  };

  function go(name: Name, { focus = true } = {}): void {
    for (const [each, item] of buttons) {
      if (each === name) item.setAttribute("aria-current", "page");
      else item.removeAttribute("aria-current");
    }
    const view = views[name];
    put(main, view.element);
    document.title = `${TEXT.views[name]} – ${TEXT.title}`;
    if (focus) focusOn(view.heading);
  }

  sayHolder();
  whenHeld(sayHolder);
  put(
    document.body,
    h("header", {}, h("span", { class: "name" }, TEXT.name), holder),
    h("nav", { "aria-label": TEXT.nav }, h("ul", {}, ...buttons.map(([, item]) => h("li", {}, item)))),
    main,
  );
  go(link ? "pickup" : "open", { focus: false });
  // A file that is dropped beside its place would replace the page.
  for (const name of ["dragover", "drop"] as const) addEventListener(name, (event) => event.preventDefault());
  // A browser may keep a page that was left as it is, for whoever goes back to it.
  addEventListener("pagehide", () => hold(null));
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload();
  });
  addEventListener("hashchange", () => {
    const next = takeLink();
    if (!next) return;
    pickup.follow(next);
    go("pickup");
  });
}

/**
 * What a link says, taken out of the address, so that nobody reads the token there. The browser may have recorded the
 * link in its profile's history all the same, before this ran.
 */
function takeLink(): InboxLink | null {
  const found = linkOf(location.hash);
  if (found) history.replaceState(null, "", location.href.split("#")[0]);
  return found;
}
