/**
 * RFC 3339 text of a time in milliseconds since the epoch, in UTC with milliseconds. Written here because portable
 * code has no Date, which would also be a clock.
 */
export function rfc3339(milliseconds: number): string {
  const days = Math.floor(milliseconds / dayMilliseconds);
  const { year, month, day } = civilDate(days);
  const rest = milliseconds - days * dayMilliseconds;
  const [hours, minutes, seconds] = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60, Math.floor(rest / 1000) % 60];
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(Math.floor(rest) % 1000, 3)}Z`;
}

const dayMilliseconds = 86_400_000;

/** Days since 1970-01-01 to a date of the proleptic Gregorian calendar; eras of 400 years begin on 1 March of year 0. */
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

function pad(number: number, width: number): string {
  return String(number).padStart(width, '0');
}
