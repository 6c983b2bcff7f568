// A download of something that the page has: no server is asked for it.

import { h } from "../ui/dom.js";

/** Long enough for the browser to have begun. */
const KEPT = 60_000;

export function download(content: Blob, name: string): void {
  // A browser that shows it instead guesses what it is, where it has no type.
  const typed = content.type === "" ? content.slice(0, content.size, "application/octet-stream") : content;
  const address = URL.createObjectURL(typed);
  const link = h("a", { download: name });
  link.href = address;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), KEPT);
}
