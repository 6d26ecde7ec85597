/**
 * Times as CPIM and IMDN write them (RFC 3862 §4.5, RFC 3339) and in milliseconds since the Unix epoch. Portable code has
 * no Date, which would also be a clock.
 */

const dayMilliseconds = 86_400_000;

/** RFC 3339 in UTC with milliseconds. */
export function rfc3339(milliseconds: number): string {
  const days = Math.floor(milliseconds / dayMilliseconds);
  const { year, month, day } = civilDate(days);
  const rest = milliseconds - days * dayMilliseconds;
  const [hours, minutes, seconds] = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60, Math.floor(rest / 1000) % 60];
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(Math.floor(rest) % 1000, 3)}Z`;
}

const dateTimeForm = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Undefined for what is no RFC 3339 time. */
export function parseRfc3339(text: string): number | undefined {
  const parts = dateTimeForm.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hours, minutes, seconds, fraction = '0', sign, offsetHours = '0', offsetMinutes = '0'] = parts;
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) return undefined;
  const days = daysSinceEpoch(Number(year), Number(month), Number(day));
  const timeOfDay = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 + Math.floor(Number(`0.${fraction}`) * 1000);
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  return days * dayMilliseconds + timeOfDay - (sign === '-' ? -offset : offset);
}

// Both ways count in eras of 400 years, whose years begin on 1 March, so that the leap day is the last one.

function civilDate(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function daysSinceEpoch(year: number, month: number, day: number): number {
  const yearFromMarch = month <= 2 ? year - 1 : year;
  const era = Math.floor(yearFromMarch / 400);
  const yearOfEra = yearFromMarch - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function pad(number: number, width: number): string {
  return String(number).padStart(width, '0');
}
