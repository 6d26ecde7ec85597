import type { Scenario } from '../framework/scenario.ts';
import { admission } from './admission.ts';
import { firstAnswer, undeliveredDeferred, undeliveredRejected } from './answers.ts';
import { clientHandling } from './client-handling.ts';
import { clientReceiving, clientRejecting } from './client-receiving.ts';
import { clientReplying } from './client-replying.ts';
import { clientSending } from './client-sending.ts';
import { notStored, push } from './deferral.ts';
import { delivery } from './delivery.ts';
import { expiry } from './expiry.ts';
import { waiting } from './queue.ts';

export const scenarios: readonly Scenario[] = [
  delivery,
  firstAnswer,
  undeliveredDeferred,
  undeliveredRejected,
  admission,
  push,
  notStored,
  waiting,
  expiry,
  clientSending,
  clientReplying,
  clientReceiving,
  clientRejecting,
  clientHandling,
];
