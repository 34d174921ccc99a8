// A connection that is there, or will be: made anew for ever, asked for without
// waiting. Nothing fails at start when the server is down.
import { connect, type NatsConnection } from '@nats-io/transport-node';

import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';

export type NatsAddress = {
  servers: string[];
  user: string;
  password: string;
  /** Then nothing is said before TLS; by an authority (PEM) that the system need not know. */
  tls?: { ca?: string };
};

/**
 * The library's own reconnecting is off: a new connection is a new start, so
 * that whatever was lost meanwhile is looked at again by all who use it.
 */
export class NatsLink implements AsyncDisposable {
  readonly #address: NatsAddress;
  readonly #log: Log;
  readonly #listeners: ((connection: NatsConnection) => void)[] = [];
  readonly #ended: Promise<void>;
  #current: NatsConnection | undefined;
  #closing = false;
  #wake: () => void = () => {};

  constructor(address: NatsAddress, log: Log) {
    this.#address = address;
    this.#log = log;
    this.#ended = this.#untilClosed();
  }

  get isConnected(): boolean {
    return this.#current !== undefined && !this.#current.isClosed();
  }

  /** @throws Refusal UNAVAILABLE at once while there is no connection. */
  get connection(): NatsConnection {
    if (this.#current && this.isConnected) return this.#current;
    throw new Refusal('UNAVAILABLE', 'The event server cannot be reached: events wait.');
  }

  /** Called for every new connection, and for the one that is there. */
  onConnected(listener: (connection: NatsConnection) => void): void {
    this.#listeners.push(listener);
    if (this.#current) listener(this.#current);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    this.#wake();
    await this.#current?.close();
    await this.#ended;
  }

  async #untilClosed(): Promise<void> {
    let isNews = true;
    while (!this.#closing) {
      const connection = await this.#connect();
      if (connection) {
        this.#log.info('nats-connected');
        isNews = true;
        this.#current = connection;
        for (const listener of this.#listeners) listener(connection);
        if (this.#closing) await connection.close();
        await connection.closed();
        this.#current = undefined;
      }
      if (this.#closing) return;
      if (isNews) this.#log.warn('nats-unreachable');
      isNews = false;
      await this.#pause();
    }
  }

  async #connect(): Promise<NatsConnection | undefined> {
    try {
      return await connect({
        servers: this.#address.servers,
        user: this.#address.user,
        pass: this.#address.password,
        name: 'srx',
        // The library does not read it off the URL, and would go on without TLS.
        ...(this.#address.tls && { tls: this.#address.tls }),
        reconnect: false,
        // Else each publication makes two errors with their stacks, in case it fails.
        noAsyncTraces: true,
        timeout: limits.natsConnectMs,
        pingInterval: limits.natsPingMs,
      });
    } catch {
      return undefined;
    }
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limits.natsReconnectMs * (0.25 + Math.random() / 2));
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }
}
