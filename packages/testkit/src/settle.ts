/**
 * Lets everything that is ready run to its end: all microtasks, all promise chains, all `process.nextTick` calls.
 *
 * Node empties the microtask queue wholly before it goes from one macrotask to the next, however long the chains are,
 * so one turn of `setImmediate` is enough for them and needs no guess at their depth. The second turn is for code that
 * yields once by `setImmediate` itself. The result is deterministic as long as the code under test waits only for
 * promises and for the virtual clock: a real timer, a socket, a file or a thread finishes at a moment that no seed knows.
 */
export async function settle(): Promise<void> {
  await turn();
  await turn();
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
