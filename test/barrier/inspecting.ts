// Asks a participant how a branch stands, over real HTTP, the way a coordinator does.
import type { ProtocolName } from '@concordat/protocols';
import type { Inspection, InspectionAnswer } from '@concordat/wire';
import { asBranchId, asGtid, decodeInspection, encodeInspectionHeading } from '@concordat/wire';

export const BRANCH = 'branch';

export function headingOf(protocol: ProtocolName, gtid: string): Record<string, string> {
  const about = { gtid: asGtid(gtid), branch: asBranchId(BRANCH), protocol, traceparent: null };
  return { 'Content-Type': 'application/json', ...encodeInspectionHeading(about) };
}

export async function ask(
  url: string,
  headers: Record<string, string>,
): Promise<InspectionAnswer & { readonly status: number }> {
  const body = JSON.stringify({ payload: null });
  const response = await fetch(`${url}/inspect`, { method: 'POST', headers, body });
  const { status } = response;
  return { status, ...decodeInspection(status, await response.text()) };
}

export async function inspected(
  url: string,
  protocol: ProtocolName,
  gtid: string,
): Promise<Inspection> {
  const answer = await ask(url, headingOf(protocol, gtid));
  if (answer.type !== 'inspected') throw new Error(JSON.stringify(answer));
  return answer.inspection;
}
