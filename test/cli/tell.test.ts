import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { Refusal } from '#model/refusal.ts';
import type { Io } from '#services/cli/io.ts';
import { tell } from '#services/cli/tell.ts';

function told(cause: unknown, ...argv: string[]): string {
  let err = '';
  const io = { stderr: (text: string) => void (err += text) } as Io;
  tell(cause, argv, io);
  return err;
}

describe('what a command says when it did not go well', () => {
  it('is the message of a refusal, in the words of the command line, and its code', () => {
    const refusal = new Refusal('NOT_FOUND', 'referral_id: no such referral here.');
    expect(told(refusal)).toBe('srx: ID: no such referral here. (NOT_FOUND)\n');
    expect(JSON.parse(told(refusal, '--json'))).toEqual({
      error: { code: 'NOT_FOUND', message: 'ID: no such referral here.' },
    });
  });

  it('names only the kind of an error that nobody expected', () => {
    const error = new TypeError('canary of the case', { cause: new Error('canary') });
    expect(told(error)).toMatch(/^srx: An error inside srx \(TypeError\)\./);
    for (const said of [told(error), told(error, '--json'), told('canary'), told({ canary: 1 })]) {
      expect(said).not.toContain('canary');
      expect(said).not.toContain('    at ');
    }
  });

  it('says what the system refused, without the path', async () => {
    const refused: unknown = await mkdir('/proc/canary').catch((cause: unknown) => cause);
    expect(told(refused)).toMatch(/^srx: The system refused a file \(E[A-Z]+\): check free space/);
    expect(told(refused)).not.toContain('canary');
  });
});
