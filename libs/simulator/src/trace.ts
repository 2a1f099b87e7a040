// What happened in a run, line by line. The hash of all lines says whether two runs were the same.
import type { Schedule } from './schedule.js';

/** Lines that are kept for whoever has to look at a failure. */
const TAIL_LINES = 60;

export class Trace {
  readonly lines: string[] = [];
  private low = 0x811c9dc5;
  private high = 0x9747b28c;

  /** @param keepsAll false keeps only the last lines */
  constructor(
    private readonly schedule: Schedule,
    private readonly keepsAll: boolean,
  ) {}

  add(what: string): void {
    const line = `${this.schedule.now.toFixed(3).padStart(10)}  ${what}`;
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i);
      this.low = Math.imul(this.low ^ code, 0x01000193);
      this.high = Math.imul(this.high ^ code, 0x85ebca6b) + 1;
    }
    this.lines.push(line);
    if (!this.keepsAll && this.lines.length >= 2 * TAIL_LINES) this.lines.splice(0, TAIL_LINES);
  }

  tail(): readonly string[] {
    return this.lines.slice(-TAIL_LINES);
  }

  /** 64 bits, in hexadecimal. */
  hash(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.high) + hex(this.low);
  }
}
