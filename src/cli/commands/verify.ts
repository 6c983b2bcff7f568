// seal verify FILE… --from S…

import { loadSuite } from "../../crypto/index.js";
import { unarmored } from "../../files/armor.js";
import { type Verifying, verifySource } from "../../files/verify.js";
import type { Progress } from "../../flow/io.js";
import type { HttpHeader } from "../../io/http/client.js";
import type { Contacts } from "../../keys/contacts.js";
import { encodeSigner } from "../../keys/text.js";
import { isoTime } from "../../time.js";
import {
  type CommandDefinition,
  type Common,
  type Context,
  contactsOption,
  headerOption,
  threadsOption,
} from "../command.js";
import { forEachInput } from "../each-input.js";
import { engineFor } from "../options/engine.js";
import { resolveHeaders } from "../options/headers.js";
import { openInputOrUrl, shownInput } from "../options/outputs.js";
import { verifyingPolicy } from "../options/policy.js";
import { demandedLabelOption, fromOption, maxAgeOption } from "../options/who.js";
import { withProgress } from "../say/progress.js";
import { lines, signerOf } from "../say/text.js";

interface Options extends Common {
  readonly from?: readonly string[];
  readonly label?: string;
  readonly threads?: number;
  readonly maxAge?: string;
  readonly contacts?: string;
  readonly header?: readonly string[];
}

export const verifyCommand: CommandDefinition<Options> = {
  name: "verify",
  summary: "verify sealed files without any secret",
  examples: [
    ["seal verify backup.tar.sealed --from master.pub", "tell whether it is what master signed"],
    ["seal verify release/*.sealed --from sealsig1… --label release-1.4", "verify all files of a release"],
  ],

  define: (command) => {
    command
      .argument("<FILE...>", "sealed files; http or https URLs; - for standard input")
      .addOption(fromOption())
      .addOption(demandedLabelOption())
      .addOption(maxAgeOption())
      .addOption(headerOption())
      .addOption(contactsOption())
      .addOption(threadsOption());
  },

  dataOnStdout: () => false,

  run: async (files, options, context) => {
    const suite = await loadSuite();
    const engine = engineFor(suite, files, options.threads, context.thread);
    const { policy, contacts } = await verifyingPolicy(options, context);
    const headers = await resolveHeaders(options.header, files, context.signal);
    await forEachInput(files, context, (file, isNext) =>
      verifyOne(file, headers, isNext, context, { suite, engine, policy, signal: context.signal }, contacts),
    );
  },
};

async function verifyOne(
  file: string,
  headers: readonly HttpHeader[],
  isNext: () => boolean,
  { report, signal }: Context,
  settings: Omit<Verifying, "progress">,
  contacts: Contacts,
): Promise<() => void> {
  const started = process.uptime();
  const shown = shownInput(file);
  const input = await openInputOrUrl(file, signal, { headers, note: report.note });
  try {
    const source = await unarmored(input, settings.signal);
    const work = (progress?: Progress) => verifySource(source, { ...settings, progress });
    const verified = await withProgress(report, shown, work, isNext);
    const seconds = process.uptime() - started;
    const signer = encodeSigner(verified.signer);
    const sealedAt = isoTime(verified.sealedAt);
    const signerName = contacts.owner(verified.signer)?.name ?? null;
    const facts = { input: shown, ...verified, signer, signerName, sealedAt, seconds };
    const { bytes, label, digest } = verified;
    return () =>
      report.result(
        facts,
        lines(`${shown}: verified`, {
          signer: signerOf(signer, signerName),
          label,
          "sealed at": sealedAt,
          bytes,
          digest,
        }),
        "stdout",
      );
  } finally {
    await input.close();
  }
}
