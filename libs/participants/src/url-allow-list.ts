// Which URLs an initiator may give inline, instead of the name of a registered participant.
// Closed by default: without a pattern there is none (server-side request forgery).
//
//   http://127.0.0.1:*         any port, any path
//   https://*.example.com      any name below example.com, port 443
//   https://host/path/*        whatever is below /path
//   https://host:8443/bank     this one URL
import { ParticipantsMisconfigured } from './errors.js';
import { parseParticipantUrl } from './participant-url.js';

const PATTERN =
  /^(?<scheme>https?):\/\/(?<wild>\*\.)?(?<host>[^/:*@[\]]+|\[[0-9a-f:.]+\])(?::(?<port>\d+|\*))?(?<path>\/[^*]*)?(?<below>\*)?$/i;

interface Pattern {
  readonly scheme: string;
  readonly host: string;
  /** Any name below `host`, and not `host` itself. */
  readonly wild: boolean;
  readonly port: number | 'any';
  /** `below`: whatever is below `path`. Undefined: any path. */
  readonly path: string | undefined;
  readonly below: boolean;
}

export class UrlAllowList {
  private constructor(private readonly patterns: readonly Pattern[]) {}

  /** @throws ParticipantsMisconfigured with a line for each pattern that cannot be read */
  static of(patterns: readonly string[]): UrlAllowList {
    const parsed = patterns.map(parsePattern);
    const lines = parsed.filter((pattern) => typeof pattern === 'string');
    if (lines.length > 0) throw new ParticipantsMisconfigured(lines);
    return new UrlAllowList(parsed.filter((pattern) => typeof pattern !== 'string'));
  }

  permits(url: string): boolean {
    const parsed = parseParticipantUrl(url);
    if (typeof parsed === 'string') return false;
    return this.patterns.some(
      (pattern) =>
        pattern.scheme === parsed.scheme &&
        hostMatches(pattern, parsed.host) &&
        (pattern.port === 'any' || pattern.port === parsed.port) &&
        pathMatches(pattern, parsed.path),
    );
  }
}

function hostMatches({ host, wild }: Pattern, given: string): boolean {
  return wild ? given.endsWith(`.${host}`) : given === host;
}

function pathMatches({ path, below }: Pattern, given: string): boolean {
  if (path === undefined) return true;
  return below ? given.startsWith(`${path}/`) : given === path;
}

/** The pattern with its stars taken out is a URL, read by the same rules as those it will meet. */
function parsePattern(text: string): Pattern | string {
  const parts = PATTERN.exec(text)?.groups;
  const { scheme = '', wild, host = '', port, path, below } = parts ?? {};
  const plainPort = port === undefined || port === '*' ? '' : `:${port}`;
  const url = parseParticipantUrl(`${scheme}://${host}${plainPort}${path ?? ''}`);
  const starIsAlone = below === undefined || path?.endsWith('/') === true;
  if (parts === undefined || typeof url === 'string' || !starIsAlone) {
    return `CONCORDAT_ALLOWED_URLS: "${text}" is not a pattern like https://*.example.com:*/path/*`;
  }
  return {
    scheme: url.scheme,
    host: url.host,
    wild: wild !== undefined,
    port: port === '*' ? 'any' : url.port,
    path: path === undefined ? undefined : url.path,
    below: below !== undefined,
  };
}
