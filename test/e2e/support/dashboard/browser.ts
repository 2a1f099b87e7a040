// A person at the dashboard, in Debian's Chromium. Whatever the page complains of is kept, and
// fails the test at its end.
import path from 'node:path';
import type { Browser, BrowserContext, ConsoleMessage, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { expect } from 'vitest';
import { chromiumProgram } from '../../../../scripts/lib/chromium.mjs';

const CACHE = path.resolve('node_modules/.cache/chromium');
export const DESKTOP = { width: 1280, height: 860 };
export const PHONE = { width: 390, height: 844 };
/** Whoever waits so long for a page has given up. */
const PATIENCE_MS = 60_000;

/** Fails, rather than skips, where there is none and none can be got. */
export async function launch(): Promise<Browser> {
  const { executablePath, args, env } = await chromiumProgram(CACHE);
  const known = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const start = { executablePath, args: [...args], env: Object.fromEntries(known) };
  return chromium.launch({ ...start, timeout: PATIENCE_MS });
}

interface Looks {
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: typeof DESKTOP;
}

export class Visitor {
  private readonly complaints: string[] = [];
  /** Since `countClicks`. */
  clicks = 0;

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    private readonly url: string,
  ) {
    context.setDefaultTimeout(PATIENCE_MS); // of every tab
    page.on('console', (message) => this.hear(message));
    page.on('pageerror', (error) => this.complaints.push(`threw: ${String(error)}`));
    page.on('dialog', (dialog) => {
      this.complaints.push(`a script has opened a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  /** Opens the page, and signs in as a person does. */
  static async signIn(
    browser: Browser,
    url: string,
    key: string,
    looks: Looks = {},
  ): Promise<Visitor> {
    const visitor = await Visitor.come(browser, url, looks);
    await visitor.enter(key);
    return visitor;
  }

  static async come(browser: Browser, url: string, looks: Looks = {}): Promise<Visitor> {
    const context = await browser.newContext({
      viewport: looks.viewport ?? DESKTOP,
      colorScheme: looks.colorScheme ?? 'light',
      reducedMotion: 'reduce',
      locale: 'en-GB',
      timezoneId: 'UTC',
    });
    const visitor = new Visitor(await context.newPage(), context, url);
    await visitor.page.goto(`${url}/ui/`);
    return visitor;
  }

  async enter(key: string): Promise<void> {
    await this.page.getByLabel('API key').fill(key);
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await this.page.getByRole('navigation', { name: 'Pages', exact: true }).waitFor();
  }

  /**
   * By its address, as from a bookmark in a new tab: nothing of the page before is left to be
   * taken for this one. @param hash `/audit`
   */
  async open(hash: string): Promise<void> {
    await this.page.goto('about:blank');
    await this.page.goto(`${this.url}/ui/#${hash}`);
    await this.page.getByRole('main').getByRole('heading', { level: 1 }).waitFor();
    const asking = this.page.getByText(/^Asking for /);
    await asking.first().waitFor({ state: 'detached' });
  }

  /** The same, once its branches have been asked, if it is of a transaction. */
  async go(hash: string): Promise<void> {
    await this.open(hash);
    const isTransaction = /^\/transactions\/./.test(hash);
    if (isTransaction) await this.page.getByText(/^Every branch was asked/).waitFor();
  }

  /** Counts what the person presses, wherever it is. */
  async countClicks(): Promise<void> {
    this.clicks = 0;
    await this.page.exposeFunction('pressed', () => (this.clicks += 1));
    await this.page.evaluate(
      'addEventListener("click", (event) => event.isTrusted && pressed(), { capture: true })',
    );
  }

  /** Nothing was wrong with the page up to now. */
  expectNoComplaint(): void {
    expect(this.complaints, 'what the console of the browser says').toEqual([]);
  }

  complaintsNow(): readonly string[] {
    return [...this.complaints];
  }

  /** What was complained of, and is of no concern any more. */
  forgive(): readonly string[] {
    return this.complaints.splice(0);
  }

  close(): Promise<void> {
    return this.context.close();
  }

  private hear(message: ConsoleMessage): void {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    this.complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  }
}
