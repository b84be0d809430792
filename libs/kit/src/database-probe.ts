// Whether a database answers, asked on a connection of its own: a pool that is in use to the last connection is busy, not away.
import pg from 'pg';

/** For a connection, and for an answer on it; together less than readiness waits. */
const ANSWER_MS = 700;

export class DatabaseProbe {
  private client: pg.Client | undefined;
  private asking: Promise<void> | undefined;

  constructor(
    private readonly url: string,
    private readonly database: string,
  ) {}

  /** Rejects when the database does not answer. At most one question at a time. */
  check(): Promise<void> {
    return (this.asking ??= this.ask().finally(() => (this.asking = undefined)));
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  private async ask(): Promise<void> {
    try {
      this.client ??= await this.connect();
      await this.client.query('select 1');
    } catch (error) {
      void this.close(); // The next question gets a new connection.
      throw error;
    }
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: `${this.database}-readiness`,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
    });
    client.on('error', () => {
      if (this.client === client) this.client = undefined;
    });
    try {
      await client.connect();
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
    return client;
  }
}
