import type { EndpointEvents, Flow } from '@opencpm/sip';
import { refusalReason } from './measures.ts';
import { namesInLog } from './message-charging.ts';
import type { Observation } from './observation.ts';

/** What the SIP endpoint tells, counted; what a peer does wrong is said, a few times a minute. */
export function endpointEvents(observation: Observation): EndpointEvents {
  const { measures, log, refusals, privacy } = observation;
  const source = ({ transport, remote }: Flow) => ({ transport, source: privacy.address(remote.host) });
  return {
    malformed: (reason, octets, flow) => {
      measures.malformed += 1;
      refusals.note('malformed', 'What came is no SIP message.', () => ({ reason, bytes: octets.length, ...source(flow) }));
    },
    refused: (status, request, flow) => {
      const reason = refusalReason(status);
      measures.refused.count(reason);
      refusals.note(`refused ${reason}`, 'Requests are refused.', () => ({
        method: request.method,
        status,
        ...namesInLog(request),
        ...source(flow),
      }));
    },
    retransmitted: (direction) => {
      if (direction === 'received') measures.retransmissionsReceived += 1;
      else measures.retransmissionsSent += 1;
    },
    stray: () => {
      measures.strayResponses += 1;
    },
    unanswered: (request) => {
      measures.unanswered += 1;
      log.warn({ method: request.method, ...namesInLog(request) }, 'A request got no answer.');
    },
    undeliverable: (_flow, reason) => {
      measures.undeliverable += 1;
      log.debug({ reason }, 'A response could not be sent.');
    },
    longDatagram: () => {
      measures.longDatagrams += 1;
    },
    fault: (error) =>
      log.error({ reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'A fault of this program.'),
  };
}
