// The library's workers, made of a text in the page. A policy of Trusted Types lets pass the one address that is made
// here, and no other; browsers that know nothing of it take the address as it is.

import { useWorkers } from "../library.js";

declare const SEAL_PAGE_WORKER: string;

interface Policy {
  createScriptURL(address: string): string;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): Policy;
}

/** To be called once. */
export function startWorkers(): void {
  const address = URL.createObjectURL(new Blob([SEAL_PAGE_WORKER], { type: "text/javascript" }));
  const types = (window as { trustedTypes?: TrustedTypes }).trustedTypes;
  const policy = types?.createPolicy("seal", {
    createScriptURL: (asked) => {
      if (asked === address) return asked;
      throw new TypeError("an address of somebody else's");
    },
  });
  const trusted = policy?.createScriptURL(address) ?? address;
  useWorkers({ start: () => new Worker(trusted, { name: "seal" }) });
}
