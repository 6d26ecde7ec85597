import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers } from '@opencpm/sip';
import { acceptContactFor, icsi, requestedInstance, requestedServices, serviceOf, servicesInFeatureValue } from './service-tags.ts';

describe('CPM service tags', () => {
  it('are written percent-encoded and quoted in a feature tag and plain in a service header (A-7.2.1.1-02, -04)', () => {
    assert.equal(acceptContactFor('msg'), '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"');
    assert.equal(icsi('deferred'), 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.deferred');
  });

  const spellings = [
    'urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg',
    'urn%3aurn-7%3a3gpp-service.ims.icsi.oma.cpm.msg',
    'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg',
    '3gpp-service.ims.icsi.oma.cpm.msg',
    'URN%3AURN-7%3A3GPP-SERVICE.IMS.ICSI.OMA.CPM.MSG',
  ];
  for (const spelling of spellings) {
    it(`are understood as ${spelling} (decision 9)`, () => assert.equal(serviceOf(spelling), 'msg'));
  }

  it('compare as whole tokens: msg is not largemsg', () => {
    assert.deepEqual(servicesInFeatureValue(`${icsi('largemsg')},${icsi('msg.group')}`), ['largemsg', 'msg.group']);
    assert.equal(serviceOf('urn:urn-7:3gpp-service.ims.icsi.mmtel'), undefined);
  });

  it('are found in every Accept-Contact, several in one value and in the compact form', () => {
    const headers = Headers.of(
      ['a', `*;+g.3gpp.icsi-ref="${icsi('msg')},${icsi('deferred')}"`],
      ['Accept-Contact', acceptContactFor('systemmsg')],
    );
    assert.deepEqual([...requestedServices(headers)].sort(), ['deferred', 'msg', 'systemmsg']);
    assert.deepEqual([...requestedServices(Headers.of(['Accept-Contact', '*;audio']))], []);
  });

  it('leave the instance of a device apart, also when it is folded into the same value', () => {
    const folded = `${acceptContactFor('msg')};+sip.instance="<urn:gsma:imei:35469106-056673-0>";require;explicit`;
    assert.equal(requestedInstance(Headers.of(['Accept-Contact', folded])), '<urn:gsma:imei:35469106-056673-0>');
    assert.equal(requestedInstance(Headers.of(['Accept-Contact', acceptContactFor('msg')])), undefined);
  });
});
