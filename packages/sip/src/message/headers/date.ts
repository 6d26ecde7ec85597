import { decimal } from '../character-classes.ts';
import { defineHeader, type HeaderField } from '../header-field.ts';
import { Malformed } from '../malformed.ts';

/** Date (RFC 3261 §20.17): milliseconds since the Unix epoch, always whole seconds, from year 0001 to 9999. */
export const dateHeader: HeaderField<number> = defineHeader({ name: 'Date', decode, encode });

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Sat, 13 Nov 2010 23:29:00 GMT`. A weekday that does not fit the day is not complained about. */
function decode(text: string): number | Malformed {
  const parts = text.split(' ').filter((part) => part !== '');
  const [weekday = '', dayText = '', monthName = '', yearText = '', time = '', zone = ''] = parts;
  const month = months.findIndex((name) => name.toLowerCase() === monthName.toLowerCase());
  const year = yearText.length === 4 ? decimal(yearText, 9999) : undefined;
  const day = decimal(dayText, 31);
  const seconds = secondsOfDay(time);
  const isNamed = weekdays.some((name) => `${name},`.toLowerCase() === weekday.toLowerCase());
  if (parts.length !== 6 || !isNamed || month < 0 || !isGmt(zone)) return new Malformed('a malformed date');
  if (!year || !day || day > daysInMonth(year, month) || seconds === undefined) return new Malformed('a date that does not exist');
  return (daysSinceEpoch(year, month, day) * 86_400 + seconds) * 1000;
}

function encode(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const days = Math.floor(seconds / 86_400);
  const { year, month, day } = civilDate(days);
  const inDay = seconds - days * 86_400;
  const time = [Math.floor(inDay / 3600), Math.floor(inDay / 60) % 60, inDay % 60].map(twoDigits).join(':');
  const weekday = weekdays[(((days + 4) % 7) + 7) % 7];
  return `${weekday}, ${twoDigits(day)} ${months[month]} ${String(year).padStart(4, '0')} ${time} GMT`;
}

function isGmt(zone: string): boolean {
  return ['GMT', 'UTC'].includes(zone.toUpperCase());
}

function secondsOfDay(time: string): number | undefined {
  const parts = time.split(':').map((part) => (part.length === 2 ? decimal(part, 60) : undefined));
  const [hours, minutes, seconds] = parts;
  if (parts.length !== 3 || hours === undefined || minutes === undefined || seconds === undefined) return undefined;
  return hours > 23 || minutes > 59 ? undefined : hours * 3600 + minutes * 60 + seconds;
}

function daysInMonth(year: number, month: number): number {
  if (month === 1) return isLeapYear(year) ? 29 : 28;
  return [3, 5, 8, 10].includes(month) ? 30 : 31;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days between 1 January 1970 and a day of the Gregorian calendar; `month` counts from 0. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  let days = daysBeforeYear(year) - daysBeforeYear(1970) + day - 1;
  for (let earlier = 0; earlier < month; earlier += 1) days += daysInMonth(year, earlier);
  return days;
}

function daysBeforeYear(year: number): number {
  const past = year - 1;
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
}

function civilDate(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  let year = 1970 + Math.floor(days / 365.2425);
  while (daysSinceEpoch(year, 0, 1) > days) year -= 1;
  while (daysSinceEpoch(year + 1, 0, 1) <= days) year += 1;
  let month = 0;
  let day = days - daysSinceEpoch(year, 0, 1) + 1;
  while (day > daysInMonth(year, month)) {
    day -= daysInMonth(year, month);
    month += 1;
  }
  return { year, month, day };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
