// PUT: a reader says how far it has the journal, with its cursor.

import { type Cursor, MAX_CURSOR_BYTES } from "@sealed-files/seal/internal";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Problem } from "../problem.js";
import { acknowledged, changeLedger, parseLedger, placeIn } from "../retention/ledger.js";
import { standing } from "../retention/standing.js";
import type { Place } from "../store/store.js";
import { readBody } from "./body.js";
import * as schemas from "./schemas.js";
import type { Service } from "./service.js";

type Request = FastifyRequest<{ Params: { inbox: string } }>;

export function acknowledgementRoute(app: FastifyInstance, service: Service): void {
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  app.put<{ Params: { inbox: string } }>("/v1/inboxes/:inbox/acknowledgement", {
    validatorCompiler: () => () => true,
    schema: schemas.acknowledgement,
    onRequest: async (request) => {
      request.bearer = await service.authorize(request, "reader");
    },
    handler: (request) =>
      service.admission.hold(request.bearer.bucket, MAX_CURSOR_BYTES, () => acknowledge(service, request)),
  });
}

async function acknowledge(service: Service, request: Request): Promise<{ end: number }> {
  const { inbox } = request.params;
  const text = (await readBody(request.raw, MAX_CURSOR_BYTES)).toString("latin1");
  const place = service.store.place(inbox);
  const { name } = request.bearer.grant;
  try {
    const cursor = cursorIn(text);
    await checkPlace(place, cursor);
    const before = parseLedger(await place.ledger.get()).readers.get(name);
    // What was acknowledged of a journal that was restored since is nothing to go back from.
    const isBehind =
      before !== undefined && placeIn(before).end > cursor.end && (await standing(place, placeIn(before))) !== "none";
    await changeLedger(place.ledger, (ledger) => {
      const last = ledger.readers.get(name);
      if (isBehind || (last !== before && last !== undefined && placeIn(last).end > cursor.end)) throw behind();
      return acknowledged(ledger, name, text);
    });
    return { end: cursor.end };
  } catch (error) {
    throw service.failed(inbox, error);
  }
}

/** Throws `Problem`. */
function cursorIn(text: string): Cursor {
  try {
    return placeIn(text);
  } catch {
    throw new Problem("bad-cursor", "Send a cursor of reading, as the reader keeps it in a file.");
  }
}

/** Throws `Problem` where the journal does not go on from the cursor, or that place was removed; `io`. */
async function checkPlace(place: Place, cursor: Cursor): Promise<void> {
  const stands = await standing(place, cursor);
  if (stands === "removed") throw behind();
  if (stands === "there") return;
  throw new Problem("bad-cursor", "The journal has no such place: it is another one's cursor, or of an older journal.");
}

function behind(): Problem {
  return new Problem("behind", "A reader's acknowledgements only go forward.");
}
