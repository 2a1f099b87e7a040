export type { Alerts } from './open-alerts.js';
export { openAlerts } from './open-alerts.js';
export type { AlertPorts } from './watch.js';
export type { Webhooks } from './webhook.js';
