export interface Example {
  readonly name: string;
  readonly code: string;
}

/**
 * The runnable examples of a README: blocks fenced as `js` whose first line is `// example: NAME`. Other blocks are
 * fragments. Two examples of one name are a mistake of the page and throw.
 */
export function findExamples(markdown: string): Example[] {
  const blocks = [...markdown.matchAll(/^```js\r?\n([\s\S]*?)^```\s*$/gm)].map((match) => match[1] ?? '');
  const examples = blocks.flatMap((code): Example[] => {
    const name = /^\/\/ example: ([a-z0-9-]+)\s*\n/.exec(code)?.[1];
    return name === undefined ? [] : [{ name, code }];
  });
  const names = examples.map((example) => example.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two examples are called "${twice}"`);
  return examples;
}
