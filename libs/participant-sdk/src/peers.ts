// The other participants of a 3PC, as one of them reaches them. HTTP does it in `node/peers.ts`.
import type { PeerHeading, PeerAnswer } from '@concordat/wire';

/** Who is asked about what; `ballot` with those operations that speak for one, `voted` with `elect`. */
export type PeerQuestion = Omit<PeerHeading, 'from' | 'protocol' | 'traceparent'> & {
  readonly ballot?: number;
  readonly voted?: true;
};

export interface Peers {
  /** @returns why the participant at `url` may not be called, to be put after its name, if so */
  faultOf(url: string): string | undefined;
  /**
   * Never rejects: whatever keeps an answer from coming is in doubt, with its reason.
   * @param url the participant's, as the roster has it
   * @param signal gives up
   */
  ask(url: string, question: PeerQuestion, signal: AbortSignal): Promise<PeerAnswer>;
}
