// The proto files as reflection, read once at start: they are the contract on
// the wire, and no code is generated from them.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import protobuf from 'protobufjs';

const folder = fileURLToPath(new URL('../../proto/', import.meta.url));

export const schema: protobuf.Root = readSchema([
  'srx/exchange/v1/exchange_service.proto',
  'srx/casework/v1/casework_service.proto',
]);

function readSchema(files: string[]): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(folder, target);
  root.loadSync(files, { keepCase: false }).resolveAll();
  return root;
}
