export { queueWorker } from './queue-worker.js';
export type { QueueWorker, QueueWorkerOptions } from './queue-worker.js';
