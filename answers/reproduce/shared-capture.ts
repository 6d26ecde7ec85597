import { Capture, type Captured } from '../../conformance/framework/capture.ts';
import { rowOf } from './names.ts';

/** The record of a participant whom rows share: each message goes into the record of the row whose users it names. */
export class SharedCapture extends Capture {
  readonly #ofRows = new Map<string, Capture>();

  open(row: string): Capture {
    const capture = new Capture();
    this.#ofRows.set(row, capture);
    return capture;
  }

  override add(captured: Captured): void {
    const row = captured.kind === 'wire' ? rowOf(captured.octets) : undefined;
    if (row !== undefined) this.#ofRows.get(row)?.add(captured);
  }
}
