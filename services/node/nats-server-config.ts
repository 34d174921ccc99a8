// The config file of the node's own nats-server: loopback, JetStream in its own
// folder, one user with an allow-list, bounds for everything that grows.
import { limits } from '#model/limits.ts';

export const NATS_USER = 'srx-node';

export type NatsServerConfig = {
  name: string;
  /** 0: the server takes a free one. */
  port: number;
  storeDir: string;
  portsDir: string;
  password: string;
};

// What the node needs and nothing more; the denied three would reach beyond its
// own stream, and stay denied whatever is allowed later.
const ALLOWED_PUBLISH = [
  'srx.v1.>',
  '$JS.API.STREAM.INFO.SRX',
  '$JS.API.STREAM.CREATE.SRX',
  '$JS.API.STREAM.DELETE.SRX',
  '$JS.API.CONSUMER.CREATE.SRX.>',
  '$JS.API.CONSUMER.DURABLE.CREATE.SRX.>',
  '$JS.API.CONSUMER.INFO.SRX.>',
  '$JS.API.CONSUMER.MSG.NEXT.SRX.>',
  '$JS.ACK.SRX.>',
];
const DENIED_PUBLISH = ['$JS.API.ACCOUNT.>', '$JS.API.SERVER.>', '$JS.API.META.>'];

/** JSON is within the server's own format. */
export function writeNatsServerConfig(config: NatsServerConfig): string {
  return JSON.stringify(
    {
      server_name: config.name,
      host: '127.0.0.1',
      port: config.port === 0 ? -1 : config.port,
      ports_file_dir: config.portsDir,
      max_payload: limits.natsPayloadBytesMax,
      max_connections: limits.natsConnectionsMax,
      jetstream: {
        store_dir: config.storeDir,
        max_memory_store: limits.natsMemoryBytesMax,
        max_file_store: limits.natsFileBytesMax,
      },
      authorization: {
        users: [
          {
            user: NATS_USER,
            password: config.password,
            permissions: {
              publish: { allow: ALLOWED_PUBLISH, deny: DENIED_PUBLISH },
              subscribe: { allow: ['_INBOX.>'] },
            },
          },
        ],
      },
    },
    null,
    2,
  );
}
