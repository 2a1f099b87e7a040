// Which URLs an initiator may give inline, instead of the name of a registered participant.
// Closed by default: without a pattern there is none (server-side request forgery).
//
//   http://127.0.0.1:*         any port, any path
//   https://*.example.com      any name below example.com, port 443
//   https://host/path/*        whatever is below /path
//   https://host:8443/bank     this one URL
//
// A1. A URL that a pattern permits leads to whatever addresses its host has at the time. None of
//     them may be in a blocked network (networks.ts), unless the operator has named it: the network
//     in CONCORDAT_ALLOWED_NETWORKS, or the very address in a pattern. `localhost` names loopback.
// A2. A metadata service is not to be named at all.
import { ParticipantsMisconfigured } from './errors.js';
import type { AddressRule } from './guarded-connector.js';
import { addressIn, blockedNetworkOf, isLoopback, metadataFaultOf, Networks } from './networks.js';
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
  private constructor(
    private readonly patterns: readonly Pattern[],
    private readonly networks: Networks,
  ) {}

  /**
   * @param allowedNetworks as `10.0.0.0/8`: private ones that the hosts of URLs may lead into
   * @throws ParticipantsMisconfigured with a line for each text that cannot be read
   */
  static of(patterns: readonly string[], allowedNetworks: readonly string[] = []): UrlAllowList {
    const parsed = patterns.map(parsePattern);
    const { networks, faults } = Networks.parse(allowedNetworks);
    const lines = [
      ...parsed.filter((pattern) => typeof pattern === 'string'),
      ...faults.map((fault) => `CONCORDAT_ALLOWED_NETWORKS: ${fault}`),
    ];
    if (lines.length > 0) throw new ParticipantsMisconfigured(lines);
    const read = parsed.filter((pattern) => typeof pattern !== 'string');
    return new UrlAllowList(read, networks);
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

  /** A1, A2. Of a host whose URL is permitted. */
  readonly addressRule: AddressRule = (host, address) => {
    const metadata = metadataFaultOf(address);
    if (metadata !== undefined) return metadata;
    const network = blockedNetworkOf(address);
    if (network === undefined || this.networks.has(address)) return undefined;
    if (this.names(host) && (host === address || isLoopback(address))) return undefined;
    return `leads into ${network}, which is not in CONCORDAT_ALLOWED_NETWORKS`;
  };

  /** A1: an address, or `localhost`. A name that leads to an address does not name it. */
  private names(host: string): boolean {
    if (host !== 'localhost' && addressIn(host) === undefined) return false;
    return this.patterns.some(
      (pattern) => !pattern.wild && (addressIn(pattern.host) ?? pattern.host) === host,
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
  const fault = metadataFaultOf(addressIn(url.host) ?? ''); // A2
  if (fault !== undefined) return `CONCORDAT_ALLOWED_URLS: "${text}" ${fault}`;
  return {
    scheme: url.scheme,
    host: url.host,
    wild: wild !== undefined,
    port: port === '*' ? 'any' : url.port,
    path: path === undefined ? undefined : url.path,
    below: below !== undefined,
  };
}
