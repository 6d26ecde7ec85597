import type { Flow, NetworkUser } from '@opencpm/sip';

/** A network user that only keeps what it hears, each as one line of text. */
export class RecordingUser implements NetworkUser {
  readonly heard: string[] = [];
  readonly flows: Flow[] = [];
  /** All octets of streams and datagrams as text, in the order in which they came. */
  text = '';

  received(octets: Uint8Array, flow: Flow): void {
    const text = Buffer.from(octets).toString('latin1');
    this.text += text;
    this.heard.push(`${flow.transport} from ${flow.remote.host}: ${text}`);
  }

  flowOpened(flow: Flow): void {
    this.flows.push(flow);
    this.heard.push(`opened with ${flow.remote.host}`);
  }

  flowClosed(flow: Flow, reason: string): void {
    this.heard.push(`closed with ${flow.remote.host}: ${reason}`);
  }
}
