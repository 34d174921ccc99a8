// The page of commands to try while the demo stays up. As data, so that a test
// runs what is printed.
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Side } from '#model/track.ts';
import { type Federation, ORGANISATIONS, tokenFile } from './federation.ts';

export type Chapter = {
  /** Who one is in it. */
  title: string;
  /** Shell lines that make the later ones shorter. */
  exports: Record<'SRX_FOLDER' | 'SRX_TOKEN_FILE', string>;
  commands: { does: string; line: string }[];
};

const LABOUR_CODE = 'HH-2026-0003';

export function chapters(federation: Federation, referralId: string): Chapter[] {
  const labour = fileURLToPath(new URL('../cases/labour.yaml', import.meta.url));
  const { receiving } = ORGANISATIONS;
  return [
    {
      ...chapter(federation, 'referring'),
      commands: [
        { does: 'the referral of the story', line: `srx referral show ${referralId}` },
        {
          does: 'take it out as a file, and verify that',
          line: `srx referral export ${referralId} | srx verify -`,
        },
        { does: 'who is a member', line: 'srx member list' },
        { does: 'is the node well?', line: 'srx doctor' },
        {
          does: 'start one by hand: a man whose wages were not paid',
          line: `srx case import ${quoted(relative(process.cwd(), labour) || labour)}`,
        },
        {
          does: 'the risk is high, so two people send it',
          line: `srx referral request ${LABOUR_CODE} --to ${receiving.organisation} --with $SRX_FOLDER/staff/referring-two.token`,
        },
        { does: 'events as they happen; Ctrl-C ends', line: 'srx watch' },
      ],
    },
    {
      ...chapter(federation, 'receiving'),
      commands: [
        { does: 'what waits for a person', line: 'srx inbox' },
        { does: 'both referrals, without a name', line: 'srx referral list' },
        {
          does: 'a section that she agreed to; the opening is recorded',
          line: `srx referral open ${referralId} health --show-personal`,
        },
        {
          does: 'one that she did not: refused',
          line: `srx referral open ${referralId} family --show-personal`,
        },
      ],
    },
  ];
}

function chapter(federation: Federation, side: Side): Omit<Chapter, 'commands'> {
  const config = federation.prepared.configs[side];
  return {
    title: `As a caseworker of ${ORGANISATIONS[side].name}`,
    exports: {
      SRX_FOLDER: config.folder,
      SRX_TOKEN_FILE: tokenFile(config, side, 'one'),
    },
  };
}

/** For a shell. */
export function quoted(word: string): string {
  return /^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
