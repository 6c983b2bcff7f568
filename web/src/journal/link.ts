// A link to an inbox: what stands behind the # of the page's address. Browsers send that to no server.

export interface InboxLink {
  readonly address: string;
  readonly token: string;
  readonly from: string;
  readonly label: string;
}

/** #inbox=ADDRESS&token=TOKEN&from=SIGNER&label=LABEL; null where there is none. */
export function linkOf(fragment: string): InboxLink | null {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ""));
  const address = parameters.get("inbox");
  if (address === null) return null;
  const one = (name: string) => parameters.get(name) ?? "";
  return { address, token: one("token"), from: one("from"), label: one("label") };
}
