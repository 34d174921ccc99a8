// A sleep that can be ended: by a bell, or by the end of its owner.

export class Pause {
  #rung = false;
  #end: (() => void) | undefined;

  /** Ends the sleep that is on, or the next one at once. */
  ring(): void {
    this.#rung = true;
    this.#end?.();
  }

  /** True when it was rung, false when the time is over. */
  async sleep(ms: number): Promise<boolean> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#end = undefined;
    }
    const rung = this.#rung;
    this.#rung = false;
    return rung;
  }
}
