// A relay on loopback that counts the bytes of a TCP connection in each direction.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Relay = AsyncDisposable & { port: number; bytes(): { there: number; back: number } };

export async function startRelay(toPort: number): Promise<Relay> {
  let there = 0;
  let back = 0;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(toPort, '127.0.0.1');
    near.on('data', (chunk) => (there += chunk.length));
    far.on('data', (chunk) => (back += chunk.length));
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    bytes: () => ({ there, back }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
