import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTlsCertificate } from '#crypto/tls.ts';
import { freePorts } from '#deploy/demo/federation.ts';

import { type Surroundings, srx, startSrx, wordsOfLine } from './command.ts';

const ID = 'https://node.example';
let root: string;
let exchange: number;
const at = (name: string) => join(root, name);
const registry = () => `--registry-folder ${at('registry')}`;

async function done(line: string, around: Surroundings = {}): Promise<string> {
  const said = await srx(wordsOfLine(line), around);
  expect(said.code, `${line}\n${said.err}`).toBe(0);
  return said.out;
}

const json = async (line: string): Promise<Record<string, unknown>> =>
  JSON.parse(await done(`${line} --json`)) as Record<string, unknown>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'srx-setup-'));
  const [port = 0, other = 0] = await freePorts(2);
  exchange = other;
  await done(`registry init ${registry()} --address localhost:${port} --name "Federation"`);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('srx init', () => {
  it('makes a node that only its owner can read, with the first token, and says what is next', async () => {
    const who = `--id ${ID} --name "A node" --country NL --country BE --role destination`;
    const made = await json(
      `init --folder ${at('node')} ${who} --exchange localhost:${exchange} ${registry()}`,
    );
    expect(made).toMatchObject({ organisation: ID, memberFile: at('node/member.jws') });
    expect((await stat(at('node'))).mode & 0o777).toBe(0o700);
    const open = ['node.json', 'tls-cert.pem', 'member.jws'];
    for (const name of await readdir(at('node'), { recursive: true })) {
      const { mode } = await stat(at(`node/${name}`));
      if (!open.includes(name)) expect(mode & 0o077, name).toBe(0);
    }
    const token = await readFile(String(made['tokenFile']), 'utf8');
    expect(token).toMatch(/^srx_[\w-]{43}\n$/);
    expect(JSON.stringify(made)).not.toContain(token.trim());
    expect(await readFile(at('node/node.json'), 'utf8')).not.toMatch(/srx_[\w-]{40}/);
  });

  it('chooses the other ports beside that of the exchange', async () => {
    expect(JSON.parse(await readFile(at('node/node.json'), 'utf8'))).toMatchObject({
      exchange: { host: '127.0.0.1', port: exchange },
      casework: { host: '127.0.0.1', port: exchange + 1 },
      federation: { port: exchange + 2, address: `localhost:${exchange + 2}` },
    });
  });

  it('lets a first person in, whom nobody need add', async () => {
    const node = startSrx(wordsOfLine(`serve --folder ${at('node')}`));
    await node.until('ready');
    expect(await json(`staff list --folder ${at('node')}`)).toMatchObject({
      staff: [{ staffId: 'first', role: 'supervisor' }],
    });
    expect(await node.stop()).toMatchObject({ code: 0 });
    // Only the first start needs it.
    expect(await readdir(at('node/staff'))).toEqual(['first.token']);
  });
});

describe('a node whose staff come over TLS', () => {
  it('is reached under its own certificate, and under no other', async () => {
    const folder = at('node');
    const file = `${folder}/node.json`;
    const plain = await readFile(file, 'utf8');
    const config = JSON.parse(plain) as { casework: object };
    const make = (name: string) =>
      createTlsCertificate({
        hostNames: [name],
        notBeforeMs: Date.now() - 60_000,
        notAfterMs: Date.now() + 86_400_000,
      });
    const { certificatePem, privateKeyPem } = make('node.example');
    await writeFile(at('casework.pem'), certificatePem);
    await writeFile(at('casework.key'), privateKeyPem, { mode: 0o600 });
    await writeFile(at('other.pem'), make('node.example').certificatePem);
    const tls = { certificateFile: at('casework.pem'), privateKeyFile: at('casework.key') };
    await writeFile(file, JSON.stringify({ ...config, casework: { ...config.casework, tls } }));
    const node = startSrx(wordsOfLine(`serve --folder ${folder}`));
    try {
      await node.until('ready');
      await done(`staff list --folder ${folder}`);
      const address = `--address 127.0.0.1:${exchange + 1} --token-file ${folder}/staff/first.token`;
      await done(`staff list ${address} --ca-file ${at('casework.pem')}`);
      for (const wrong of [`--ca-file ${at('other.pem')}`, '']) {
        const said = await srx(wordsOfLine(`staff list ${address} ${wrong}`));
        expect(said).toMatchObject({ code: 7, err: expect.stringContaining('certificate') });
      }
    } finally {
      await node.stop();
      await writeFile(file, plain);
    }
  });
});

describe('srx member', () => {
  it('admits by the file of the node, and removes by the name typed again', async () => {
    await done(`member admit ${at('node/member.jws')} ${registry()}`);
    expect(await done(`member list ${registry()} --plain`)).toBe(
      `${ID}\tA node\tNL,BE\treferring\t\n`,
    );
    const remove = `member remove ${ID} ${registry()}`;
    const no = await srx(wordsOfLine(remove), { isTty: true, answers: ['remove'] });
    expect(no).toMatchObject({ code: 130, asked: [`Type ${ID} to go on: `] });
    await done(remove, { isTty: true, answers: [ID] });
    expect(await done(`member list ${registry()}`)).toBe('No member is admitted yet.\n');
    expect(await srx(wordsOfLine(`${remove} --yes`))).toMatchObject({ code: 3 });
  });

  it('exports the file anew, to a file or to standard output, and takes it from standard input', async () => {
    const folder = `--folder ${at('node')}`;
    await done(`member export ${folder} --out ${at('again.jws')}`);
    const text = await done(`member export ${folder}`);
    expect(text.split('.')).toHaveLength(3);
    await done(`member admit - ${registry()}`, { stdin: text });
    expect(
      await srx(wordsOfLine(`member export ${folder} --out ${at('again.jws')}`)),
    ).toMatchObject({
      code: 6,
    });
  });

  it('needs to know of which registry', async () => {
    const said = await srx(wordsOfLine(`member admit ${at('again.jws')}`));
    expect(said).toMatchObject({ code: 2, err: expect.stringContaining('SRX_REGISTRY_FOLDER') });
    const env = { SRX_REGISTRY_FOLDER: at('registry') };
    expect(await srx(wordsOfLine(`member remove ${ID} --yes`), { env })).toMatchObject({ code: 0 });
  });
});

describe('srx key', () => {
  it.each(['message', 'encryption', 'federation'])(
    'rotates the %s key, and lists the old one',
    async (purpose) => {
      const { kid } = await json(`key rotate ${purpose} --folder ${at('node')}`);
      const { keys } = (await json(`key list --folder ${at('node')}`)) as {
        keys: Record<string, string>[];
      };
      const ofPurpose = keys.filter((key) => key['purpose'] === purpose);
      const states = Object.fromEntries(
        ofPurpose.map((key) => [key['kid'] === kid ? 'new' : 'old', key['state']]),
      );
      expect(states).toEqual({ old: 'retired', new: 'current' });
      expect(JSON.stringify(keys)).not.toContain('"d"');
    },
  );

  it('refuses a purpose that there is none of', async () => {
    const said = await srx(wordsOfLine(`key rotate mesage --folder ${at('node')}`));
    expect(said).toMatchObject({ code: 2, err: expect.stringContaining('message') });
  });
});
