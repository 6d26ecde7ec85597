import type { DebianProgram } from './surroundings/debian-packages.ts';
import type { ServerProcess, ServerSettings } from './surroundings/server-process.ts';

/** One thing that must work with programs that nobody here wrote. It fails by throwing. */
export interface InteropCase {
  readonly name: string;
  readonly needs: readonly DebianProgram[];
  /** True when the case itself sends what is no SIP; only what the server sends is held against it then. */
  readonly sendsGarbage?: boolean;
  /** True when it counts what is sent again, which other cases on the same processors would make more of. */
  readonly alone?: boolean;
  /** Why the case is known not to pass. It is run all the same, and fails the run when it passes. */
  readonly knownFailure?: string;
  readonly run: (surroundings: CaseSurroundings) => Promise<void>;
}

/** What a case is given. Whatever it starts through this is stopped when it has ended. */
export interface CaseSurroundings {
  /** Where the server of this case listens; what passes there is captured. */
  readonly port: number;
  /** For a proxy between clients and the server; what passes there is captured too. */
  readonly edgePort: number;
  /** A new empty folder below that of the case. */
  folder(name: string): string;
  /** The server of this case, started. */
  startServer(settings: ServerSettings): Promise<ServerProcess>;
  /** Frames from and to those ports until now, as `WireCapture.select` gives them. */
  captured(filter: string, ...fields: readonly string[]): Promise<string[][]>;
  /** Undone last in, first out. */
  after(undo: () => Promise<unknown>): void;
  /** A measurement for the report; no verdict. */
  note(text: string): void;
}
