import { request } from 'node:http';

/** One HTTP request to the socket on which a server takes what its operator wants; resolves with the value of a `done` answer. */
export function askOperatorSocket(socketPath: string, method: string, path: string, body?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, headers: { 'Content-Type': 'application/json' } }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('end', () => {
        const answer: unknown = JSON.parse(text);
        if (incoming.statusCode === 200) resolve(Reflect.get(Object(answer), 'value'));
        else reject(new Error(`${method} ${path}: ${incoming.statusCode} ${text}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
