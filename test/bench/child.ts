// The bench's processes talk to their parent by messages: measure, profile, end.
import { startProfile } from './profile.ts';
import { ownUsage } from './usage.ts';

export type Asked = {
  ask: 'usage' | 'profile-start' | 'profile-stop' | 'run' | 'end';
  value?: unknown;
};

/** Answers until asked to end. */
export function answerParent(run: (value: unknown) => Promise<unknown>): Promise<void> {
  let stopProfile: (() => Promise<unknown>) | null = null;
  return new Promise((resolve) => {
    process.on('message', (message: Asked) => {
      void answer(message).then((answered) => {
        process.send?.({ answered: message.ask, value: answered });
        if (message.ask === 'end') resolve();
      });
    });
    process.once('disconnect', () => resolve());
  });

  async function answer({ ask, value }: Asked): Promise<unknown> {
    if (ask === 'usage') return ownUsage();
    if (ask === 'profile-start') {
      stopProfile = await startProfile();
      return null;
    }
    if (ask === 'profile-stop') return stopProfile?.();
    if (ask === 'run') return run(value);
    return null;
  }
}

/** Milliseconds since 1970 by a clock that all processes of a machine share. */
export function sharedMs(): number {
  return performance.timeOrigin + performance.now();
}
