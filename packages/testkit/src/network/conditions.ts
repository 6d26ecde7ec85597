/** How one link treats what is sent over it. Probabilities are 0 to 1, times are milliseconds, sizes are octets. */
export interface LinkConditions {
  readonly leastLatencyMilliseconds: number;
  readonly mostLatencyMilliseconds: number;
  /** UDP: the datagram never comes. TCP: the segment comes later, by `retransmissionMilliseconds`. */
  readonly loss: number;
  /** UDP: the datagram comes twice. */
  readonly doubling: number;
  /** UDP: the datagram is held back by up to `reorderingMilliseconds`, so that later ones overtake it. Others keep their order. */
  readonly reordering: number;
  readonly reorderingMilliseconds: number;
  /** UDP: a larger payload is dropped. */
  readonly maxDatagramOctets: number;
  /** TCP: the stream is cut at a place of the seed's choice, and its tail may wait to be joined with what is sent next. */
  readonly splitting: number;
  /** TCP: the most that one segment carries. */
  readonly maxSegmentOctets: number;
  /** TCP: `send` refuses while more than this waits to be delivered. */
  readonly sendBufferOctets: number;
  readonly retransmissionMilliseconds: number;
  /** TCP: a segment is met by a reset of the connection instead of being delivered. */
  readonly resetting: number;
  /** TCP: a sender whose octets get nowhere closes the connection after this time. */
  readonly giveUpMilliseconds: number;
}

/** Everything arrives once, in order, after one millisecond. */
export const steadyLink: LinkConditions = {
  leastLatencyMilliseconds: 1,
  mostLatencyMilliseconds: 1,
  loss: 0,
  doubling: 0,
  reordering: 0,
  reorderingMilliseconds: 50,
  // The largest UDP payload over IPv4 (RFC 768 under RFC 791's 65,535).
  maxDatagramOctets: 65_507,
  splitting: 0,
  // A usual Ethernet MTU of 1500 without the headers of IPv4 and TCP.
  maxSegmentOctets: 1460,
  sendBufferOctets: 1_048_576,
  // The least retransmission timeout of common TCP stacks.
  retransmissionMilliseconds: 200,
  resetting: 0,
  // About what common TCP stacks wait before they give a connection up.
  giveUpMilliseconds: 900_000,
};

/** A bad but usable link: a base for scenarios that a seed drives. */
export const roughLink: LinkConditions = {
  ...steadyLink,
  leastLatencyMilliseconds: 5,
  mostLatencyMilliseconds: 80,
  loss: 0.05,
  doubling: 0.03,
  reordering: 0.05,
  reorderingMilliseconds: 120,
  splitting: 0.5,
};

/** Within one host nothing is lost and nothing takes time; streams are still cut. */
export function withinHost(conditions: LinkConditions): LinkConditions {
  return { ...steadyLink, leastLatencyMilliseconds: 0, mostLatencyMilliseconds: 0, splitting: conditions.splitting };
}
