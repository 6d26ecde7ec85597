/** The text of a page with one of its made parts put in, between its two marks. Throws when the page has no such marks. */
export function withPart(page: string, name: string, part: string): string {
  const { begin, end } = marksOf(page, name);
  return `${page.slice(0, begin)}\n\n${part}\n\n${page.slice(end)}`;
}

function marksOf(page: string, name: string): { readonly begin: number; readonly end: number } {
  const mark = page.indexOf(`<!-- ${name}: made by `);
  const begin = page.indexOf('-->', mark) + '-->'.length;
  const end = page.indexOf(`<!-- ${name}: end -->`, begin);
  if (mark < 0 || end < 0) throw new Error(`the page has no part ${name}`);
  return { begin, end };
}
