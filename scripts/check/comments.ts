import ts from 'typescript';

/** Lines (from 1) that a comment of at least two words touches. */
export function commentLines(tree: ts.SourceFile): Set<number> {
  const lines = new Set<number>();
  for (const comment of commentsOf(tree)) {
    if (!/\p{L}+\W+\p{L}+/u.test(tree.text.slice(comment.pos, comment.end))) continue;
    const first = tree.getLineAndCharacterOfPosition(comment.pos).line + 1;
    const last = tree.getLineAndCharacterOfPosition(comment.end).line + 1;
    for (let line = first; line <= last; line++) lines.add(line);
  }
  return lines;
}

/** The compiler keeps no comments in its tree; they stand in the gaps between the tokens. */
function commentsOf(tree: ts.SourceFile): readonly ts.CommentRange[] {
  const byPosition = new Map<number, ts.CommentRange>();
  const visit = (node: ts.Node): void => {
    const before = ts.getLeadingCommentRanges(tree.text, node.getFullStart()) ?? [];
    const after = ts.getTrailingCommentRanges(tree.text, node.getEnd()) ?? [];
    for (const range of [...before, ...after]) byPosition.set(range.pos, range);
    for (const child of node.getChildren(tree)) visit(child);
  };
  visit(tree);
  return [...byPosition.values()];
}
