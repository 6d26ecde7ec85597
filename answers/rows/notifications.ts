import type { AnswerRow, Section } from '../row.ts';

const forTablet = {
  'Accept-Contact':
    '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg", *;+sip.instance="<instance-of-bob/tablet>";require;explicit',
};

const notifications: readonly AnswerRow[] = [
  {
    id: 'notification-delivered',
    clauses: ['decision 46'],
    situation: 'To a registered client; a rule that rejects does not count.',
    commands: ['user rule add bob --action reject'],
    clients: { 'bob/phone': 200 },
    request: { method: 'MESSAGE', kind: 'notification' },
    expected: { status: 200, delivered: ['bob/phone'] },
  },
  {
    id: 'notification-do-not-disturb',
    clauses: ['decision 46'],
    situation: 'While the recipient does not want to be disturbed.',
    commands: ['user rule add bob --action do-not-disturb'],
    clients: { 'bob/phone': 200 },
    request: { method: 'MESSAGE', kind: 'notification' },
    expected: { status: 202, deferred: ['bob'] },
  },
  {
    id: 'notification-nobody',
    clauses: ['decision 46'],
    situation: 'While no client is registered, even if `policy.undelivered` is reject.',
    configuration: { policy: { undelivered: 'reject' } },
    request: { method: 'MESSAGE', kind: 'notification' },
    expected: { status: 202, deferred: ['bob'] },
  },
  {
    id: 'notification-refused',
    clauses: ['decision 46'],
    situation: 'The client refuses it for good, even if `policy.undelivered` is reject.',
    configuration: { policy: { undelivered: 'reject' } },
    clients: { 'bob/phone': 488 },
    request: { method: 'MESSAGE', kind: 'notification' },
    expected: { status: 202, deferred: ['bob'] },
  },
  {
    id: 'notification-silent',
    clauses: ['decision 46', 'decision 43'],
    situation: 'The client says nothing within `policy.answerWithin`.',
    clients: { 'bob/phone': 'silent' },
    request: { method: 'MESSAGE', kind: 'notification' },
    expected: { status: 202, deferred: ['bob'] },
  },
  {
    id: 'notification-for-device',
    clauses: ['decision 46', 'decision 18'],
    situation: 'Accept-Contact names one of two devices.',
    clients: { 'bob/phone': 200, 'bob/tablet': 200 },
    request: { method: 'MESSAGE', kind: 'notification', headers: forTablet },
    expected: { status: 200, delivered: ['bob/tablet'] },
  },
  {
    id: 'notification-for-absent-device',
    clauses: ['decision 46'],
    situation: 'Accept-Contact names a device that is not registered any more: all suitable ones get it.',
    clients: { 'bob/phone': 200, 'bob/tablet': { answers: 200, presence: 'has gone' } },
    request: { method: 'MESSAGE', kind: 'notification', headers: forTablet },
    expected: { status: 200, delivered: ['bob/phone'] },
  },
  {
    id: 'notification-not-recorded',
    clauses: ['decision 46'],
    situation: 'The recipient keeps a history, of which notifications are no part.',
    commands: ['user rule add bob --action record'],
    clients: { 'bob/phone': 200 },
    request: { method: 'MESSAGE', kind: 'notification' },
    expected: { status: 200, delivered: ['bob/phone'] },
  },
  {
    id: 'notification-expired',
    clauses: ['decision 46', 'B-8.3.1.6.8-12'],
    situation: 'It expires while it waits: nobody is told.',
    request: { method: 'MESSAGE', kind: 'notification', headers: { Expires: '1' } },
    expected: { status: 202 },
  },
  {
    id: 'notification-to-anonymous-sender',
    clauses: ['decision 34'],
    situation: 'To the anonymous address, about a message that alice has sent to bob anonymously: she gets it.',
    clients: { 'alice/phone': 200, 'bob/phone': 200 },
    sender: { kind: 'user', name: 'bob' },
    request: { method: 'MESSAGE', kind: 'notification', about: 'anonymous message', to: 'sip:anonymous@anonymous.invalid' },
    expected: { status: 200, delivered: ['bob/phone'], notification: 'delivered' },
  },
  {
    id: 'notification-to-nobody',
    clauses: ['decision 34'],
    situation: 'To the anonymous address, about a message that nobody has sent.',
    request: { method: 'MESSAGE', kind: 'notification', to: 'sip:anonymous@anonymous.invalid' },
    expected: { status: 404 },
  },
];

export const notificationSection: Section = {
  title: 'Disposition notifications',
  text: 'They pass the terminating function with less on their way (decision 46).',
  rows: notifications,
};
