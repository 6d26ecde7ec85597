import { addressProblem } from '../configuration/uri-settings.ts';
import { done, exitCodes, failed, type Outcome } from './outcome.ts';

/**
 * The address that was meant: a URI as it is, `+15550001` as a tel URI, `bob@example.net` as a SIP URI, and a bare
 * name as a user of our own domain.
 */
export function destination(written: string, domain: string): Outcome<string> {
  const uri = completed(written, domain);
  const problem = addressProblem(uri);
  return problem === undefined ? done(uri) : failed(exitCodes.usage, `${written}: ${problem}`);
}

function completed(written: string, domain: string): string {
  if (/^(?:sips?|tel):/i.test(written)) return written;
  if (/^\+[0-9().-]+$/.test(written)) return `tel:${written}`;
  return written.includes('@') ? `sip:${written}` : `sip:${written}@${domain}`;
}
