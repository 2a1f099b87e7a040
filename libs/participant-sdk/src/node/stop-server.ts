import type { Server } from 'node:http';

/**
 * Takes no new connections, lets calls that are under way be answered, and after `graceMs` cuts
 * off those that are left: for their coordinator they are in doubt, and will be asked again.
 */
export function stopServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
