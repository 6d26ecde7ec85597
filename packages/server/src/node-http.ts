/**
 * `node:http` without what it would bring along: an import reads each of its exports, and one of them is Node's WebSocket,
 * with which come an HTTP client and the certificates of the world, 12 MB that a server never uses.
 */
export const { createServer, request } = process.getBuiltinModule('node:http');
