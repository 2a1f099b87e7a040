export type { Alerts } from './open-alerts.js';
export { openAlerts } from './open-alerts.js';
export type { AlertPorts } from './ports.js';
export type { Webhooks } from './webhook.js';
