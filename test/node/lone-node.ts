// The folder of a node whose registry is away and which has no NATS: it starts
// all the same, in a moment.
import { freePorts } from '#deploy/demo/federation.ts';
import { type LoadedConfig, loadConfig } from '#services/node/config.ts';
import { initNode } from '#services/node/init.ts';
import { initRegistry } from '#services/registry/members.ts';
import { inFolder } from '#services/registry/registry-folder.ts';
import { type Folder, makeFolder } from '#test/crypto/folder.ts';

const clock = { now: () => Date.now() };

export async function makeLoneNode(): Promise<{ folder: Folder; config: LoadedConfig }> {
  const folder = await makeFolder();
  const [exchange = 0, casework = 0, federation = 0, port = 0] = await freePorts(4);
  const registry = await initRegistry(
    folder.path('registry'),
    { host: 'localhost', port, name: 'Test registry' },
    clock,
  );
  const { anchorKey, tlsCertificate } = inFolder(folder.path('registry'));
  await initNode({
    folder: folder.path('node'),
    config: {
      organisation: 'https://harbour.example',
      name: 'Harbour',
      countries: ['NL'],
      roles: ['destination'],
      exchange: { host: '127.0.0.1', port: exchange, address: `localhost:${exchange}` },
      casework: { host: '127.0.0.1', port: casework },
      federation: { host: '127.0.0.1', port: federation, address: `localhost:${federation}` },
      registry: {
        entityId: registry.entityId,
        address: `localhost:${port}`,
        anchorFile: anchorKey,
        caFile: tlsCertificate,
      },
      nats: { mode: 'off' },
    },
    staff: { staffId: 'first', role: 'supervisor' },
    clock,
  });
  return { folder, config: await loadConfig(folder.path('node')) };
}
