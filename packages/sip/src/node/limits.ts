/** What keeps the memory and the descriptors of the Node drivers bounded. */
export interface NetworkLimits {
  /** TCP connections, accepted and opened together; what comes beyond is closed at once. */
  readonly connections: number;
  /** Octets that may wait to be sent on one socket; past it a connection is closed and a datagram is not taken. */
  readonly queuedOctets: number;
  /** UDP peers remembered per listener; the ones not heard of longest are forgotten first. */
  readonly udpFlows: number;
  /** A connection from outside that has sent nothing for so long after its opening is closed. Milliseconds. */
  readonly silentMilliseconds: number;
  /** A connection with no octet in either direction for so long is closed. Milliseconds. */
  readonly idleMilliseconds: number;
  /** Receive buffer asked of the system for a UDP socket, in octets; the system may give less. */
  readonly receiveBufferOctets: number;
}

export const defaultNetworkLimits: NetworkLimits = {
  connections: 10_000,
  queuedOctets: 1_048_576,
  udpFlows: 65_536,
  // Timer F: whoever opens a connection wants to send a request, and no transaction lasts longer.
  silentMilliseconds: 32_000,
  // The usual registration of 3,600 s and some time to refresh it.
  idleMilliseconds: 3_900_000,
  // Some thousand requests that arrive while a garbage collection runs.
  receiveBufferOctets: 4_194_304,
};
