// What people decide, beside actions (actions.ts): requests that have no dry run.
import type { SelfTestView } from '@concordat/wire';
import type {
  AlertDeliveryView,
  AlertRuleRequest,
  AlertRuleView,
  ApprovalView,
  BulkView,
  KeyRequest,
  KeyView,
  NewKeyView,
} from '@concordat/wire/operations';
import { send } from './client.js';

const part = encodeURIComponent;
const OPERATIONS = 'v1/operations';

export type Decision = 'approve' | 'reject';
export const decideApproval = (
  id: string,
  decision: Decision,
  reason: string,
): Promise<ApprovalView> =>
  send('POST', `${OPERATIONS}/approvals/${part(id)}/${decision}`, { reason });

export type Steering = 'pause' | 'resume' | 'cancel';
export const steerBulk = (id: string, how: Steering, reason: string): Promise<BulkView> =>
  send('POST', `${OPERATIONS}/bulk/${part(id)}/${how}`, { reason });

export const makeKey = (asked: KeyRequest): Promise<NewKeyView> =>
  send('POST', 'v1/access/keys', asked);

export const revokeKey = (id: string): Promise<KeyView> =>
  send('DELETE', `v1/access/keys/${part(id)}`);

export type NewAlertRule = AlertRuleView & { readonly secret: string };
export const makeRule = (asked: AlertRuleRequest): Promise<NewAlertRule> =>
  send('POST', `${OPERATIONS}/alerts`, asked);

export const changeRule = (id: string, asked: AlertRuleRequest): Promise<AlertRuleView> =>
  send('PUT', `${OPERATIONS}/alerts/${part(id)}`, asked);

export const removeRule = (id: string, reason: string): Promise<unknown> =>
  send('DELETE', `${OPERATIONS}/alerts/${part(id)}`, { reason });

export const testRule = (id: string): Promise<AlertDeliveryView> =>
  send('POST', `${OPERATIONS}/alerts/${part(id)}/test`);

export const scan = (resourceManager: string): Promise<unknown> =>
  send('POST', `v1/resource-managers/${part(resourceManager)}/scan`);

export const selfTest = (resourceManager: string): Promise<SelfTestView> =>
  send('POST', `v1/resource-managers/${part(resourceManager)}/self-test`);
