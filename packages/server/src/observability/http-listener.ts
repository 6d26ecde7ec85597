import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { HostPort } from '@opencpm/sip';
import { createServer } from '../node-http.ts';
import type { AnswerHttp, HttpListener } from './observation-platform.ts';

/** A handful of scrapers and probes; whoever comes beyond waits in the kernel. */
const maxConnections = 64;
const requestTimeoutMilliseconds = 5000;
const maxHeaderBytes = 8192;

/** Binds the HTTP port. Rejects with an Error that says what to do. */
export async function listenHttp({ host, port }: HostPort, answer: AnswerHttp): Promise<HttpListener> {
  const options = { requestTimeout: requestTimeoutMilliseconds, headersTimeout: requestTimeoutMilliseconds, maxHeaderSize: maxHeaderBytes };
  const server = createServer(options, (request, response) => {
    respond(request, response, answer).catch(() => response.destroy());
  });
  server.maxConnections = maxConnections;
  await bound(server, host, port);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the HTTP server is not bound to an address');
  return { address: { host: address.address, port: address.port }, close: () => closed(server) };
}

function bound(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (error) => {
      const code = 'code' in error ? String(error.code) : error.message;
      reject(new Error(`HTTP on ${host}:${port}: ${code} (free this address, or give http.listen another one, or off)`));
    });
    server.listen({ host, port });
  });
}

async function respond(request: IncomingMessage, response: ServerResponse, answer: AnswerHttp): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const { status, contentType, body } = await answer(request.method ?? '', path);
  const octets = Buffer.from(body);
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': octets.length, 'Cache-Control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : octets);
}

/** Whoever is still being answered is answered; open connections that wait are ended. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
