// A download of something that the page has: no server is asked for it.

import { h } from "../ui/dom.js";

/** Long enough for the browser to have begun. */
const KEPT = 60_000;

export function download(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = h("a", { download: name });
  link.href = address;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), KEPT);
}
