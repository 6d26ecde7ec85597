import type { AnsweringFunction } from '../../common/answers.ts';
import type { Binding } from '../../common/binding.ts';
import type { StandaloneMessage } from '../../common/standalone-message.ts';
import type { RecordedCopy, ServedRequest } from '../../ports.ts';
import type { Preferences } from '../../preferences/preferences.ts';
import type { ServiceProviderPolicy } from '../../service-provider-policy.ts';
import type { TerminatingPorts } from '../participating-ports.ts';

/** One message on its way through the terminating Participating Function. */
export interface TerminatingMessage extends ServedRequest {
  readonly message: StandaloneMessage;
  readonly preferences: Preferences;
  /** The user's bindings when the message came: the clients that it may be sent to, and for deferral those that are no newcomers. */
  readonly known: readonly Binding[];
  /** In the recipient's message store, when the message was recorded (step 6). */
  readonly copy?: RecordedCopy;
}

export interface TerminatingContext {
  readonly ports: TerminatingPorts;
  readonly policy: ServiceProviderPolicy;
  readonly self: AnsweringFunction;
}
