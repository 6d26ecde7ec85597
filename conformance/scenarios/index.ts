import type { Scenario } from '../framework/scenario.ts';
import { admission } from './admission.ts';
import { firstAnswer, undeliveredDeferred, undeliveredInterworked, undeliveredRejected } from './answers.ts';
import { clientHandling } from './client-handling.ts';
import { clientReceiving, clientRejecting } from './client-receiving.ts';
import { clientReplying } from './client-replying.ts';
import { clientSending } from './client-sending.ts';
import { notStored, push } from './deferral.ts';
import { delivery } from './delivery.ts';
import { gruus, profiles } from './devices.ts';
import { expiry } from './expiry.ts';
import { discarded, stored } from './expiry-notices.ts';
import { waitingNotice } from './notices.ts';
import { orderOfChecks } from './order-of-checks.ts';
import { waiting } from './queue.ts';
import { pushRule, recordedPush } from './recorded-push.ts';
import { recordedInVain, recording } from './recording.ts';
import { deferring, interworking, notDisturbing, refusing } from './rules.ts';
import { forwarding, storing } from './storing.ts';

export const scenarios: readonly Scenario[] = [
  delivery,
  firstAnswer,
  undeliveredDeferred,
  undeliveredRejected,
  undeliveredInterworked,
  admission,
  orderOfChecks,
  refusing,
  interworking,
  deferring,
  notDisturbing,
  storing,
  forwarding,
  recording,
  recordedInVain,
  profiles,
  gruus,
  waitingNotice,
  recordedPush,
  pushRule,
  discarded,
  stored,
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
