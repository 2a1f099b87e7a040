// The participant of both of the saga's branches: does nothing, answers at once, on a kept-alive
// connection. What is left to be measured is the coordinator.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => response.writeHead(200, { 'Content-Length': 0 }).end());
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env['PORT']), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
