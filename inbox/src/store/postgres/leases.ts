// Which service has which inbox open, by the database's clock.

import { randomBytes } from "node:crypto";
import type { Card } from "../../peers/card.js";
import type { Leases } from "../store.js";
import { asStoreError } from "./outcome.js";
import type { Pool } from "./pool.js";

/** For how long a lease is good. It is renewed several times meanwhile. */
const UNTIL = "clock_timestamp() + interval '15 seconds'";

export class LeaseRows implements Leases {
  readonly #pool: Pool;
  /** This service, since it was started. */
  readonly #own = randomBytes(16);

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async take(inbox: string): Promise<void> {
    await this.#query(
      `INSERT INTO seal_inbox_leases (inbox, holder, until) VALUES ($2, $1, ${UNTIL})
      ON CONFLICT (inbox) DO UPDATE SET holder = excluded.holder, until = excluded.until`,
      inbox,
    );
  }

  async renew(inboxes: readonly string[]): Promise<void> {
    if (inboxes.length === 0) return;
    // One who tried in vain to open it may have taken the lease, and given it back.
    const text = `INSERT INTO seal_inbox_leases AS l (inbox, holder, until)
      SELECT inbox, $1, ${UNTIL} FROM seal_inboxes WHERE inbox = ANY($2::text[]) AND NOT removed
      ON CONFLICT (inbox) DO UPDATE SET holder = excluded.holder, until = excluded.until
      WHERE l.holder = excluded.holder OR l.until < clock_timestamp()`;
    await this.#query(text, inboxes);
  }

  async release(inbox: string): Promise<void> {
    await this.#query("DELETE FROM seal_inbox_leases WHERE holder = $1 AND inbox = $2", inbox);
  }

  async isOthers(inbox: string): Promise<boolean> {
    const text = "SELECT 1 FROM seal_inbox_leases WHERE holder <> $1 AND inbox = $2 AND until > clock_timestamp()";
    return (await this.#query(text, inbox)).rows.length > 0;
  }

  async ownerOf(inbox: string): Promise<Card | null> {
    const text = `SELECT s.address, s.certificate, s.signature FROM seal_inbox_leases l
      JOIN seal_inbox_services s ON s.holder = l.holder
      WHERE l.holder <> $1 AND l.inbox = $2 AND l.until > clock_timestamp() AND s.until > clock_timestamp()`;
    return (await this.#query(text, inbox)).rows.map(cardOf)[0] ?? null;
  }

  async services(): Promise<readonly Card[]> {
    const text = `SELECT address, certificate, signature FROM seal_inbox_services
      WHERE holder <> $1 AND until > clock_timestamp()`;
    return (await this.#query(text)).rows.map(cardOf);
  }

  async publish({ address, certificate, signature }: Card): Promise<void> {
    const text = `INSERT INTO seal_inbox_services VALUES ($1, $2, $3, $4, ${UNTIL})
      ON CONFLICT (holder) DO UPDATE SET address = excluded.address, certificate = excluded.certificate,
        signature = excluded.signature, until = excluded.until`;
    await this.#query(text, address, Buffer.from(certificate), Buffer.from(signature));
    await this.#query(
      "DELETE FROM seal_inbox_services WHERE holder <> $1 AND until < clock_timestamp() - interval '1 day'",
    );
  }

  async withdraw(): Promise<void> {
    await this.#query("DELETE FROM seal_inbox_services WHERE holder = $1");
  }

  async #query(text: string, ...values: readonly unknown[]) {
    return this.#pool.query(text, [this.#own, ...values]).catch((error) => {
      throw asStoreError(`cannot use the leases in ${this.#pool.name}`, error);
    });
  }
}

function cardOf({ address, certificate, signature }: Record<string, unknown>): Card {
  return { address: String(address), certificate: certificate as Buffer, signature: signature as Buffer };
}
