// Messages to webhooks: by the rules of calls to inline participants. A URL is permitted by the
// allow-list or not called at all, the addresses of its host are judged when a connection is made
// (guarded-connector.ts), no redirect is followed, and an exchange has a bound in time and in size
// (exchange.ts).
import type { Agent } from 'undici';
import { openAgent, post } from './exchange.js';
import type { Resolve } from './guarded-connector.js';
import { parseParticipantUrl } from './participant-url.js';
import type { UrlAllowList } from './url-allow-list.js';

export interface WebhookMessage {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** Of an answer the status, and nothing else: what it says is not ours to tell on. */
export type WebhookAnswer =
  | { readonly type: 'answered'; readonly status: number }
  | { readonly type: 'failed'; readonly reason: string };

export class WebhookSender {
  private readonly agent: Agent;

  /** @param resolve instead of the system's DNS */
  constructor(
    private readonly allowList: UrlAllowList,
    resolve?: Resolve,
  ) {
    this.agent = openAgent(allowList.addressRule, resolve);
  }

  /** @returns what is wrong with `url`, to be put after "The URL"; undefined if it may be called */
  faultOf(url: string): string | undefined {
    const parsed = parseParticipantUrl(url);
    if (typeof parsed === 'string') return parsed;
    return this.allowList.permits(url) ? undefined : 'is not on the allow-list';
  }

  /** Never rejects. */
  async send({ url, headers, body, timeoutMs }: WebhookMessage): Promise<WebhookAnswer> {
    const parsed = parseParticipantUrl(url);
    const fault = this.faultOf(url);
    if (typeof parsed === 'string' || fault !== undefined) {
      return { type: 'failed', reason: `the URL ${fault ?? ''}` };
    }
    const { origin, path } = parsed;
    const request = { origin, path: path === '' ? '/' : path, headers: { ...headers } };
    const exchange = await post(this.agent, { ...request, body, timeoutMs });
    if (exchange.type === 'failed') return exchange;
    return { type: 'answered', status: exchange.status };
  }

  /** Ends whatever is under way. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }
}
