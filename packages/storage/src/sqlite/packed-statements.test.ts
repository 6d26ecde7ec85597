import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StatementPacker, StatementUnpacker } from './packed-statements.ts';

const insert = { sql: 'INSERT INTO note (id, body) VALUES (?, ?)', parameters: ['a', new Uint8Array([1, 2])], expectRows: 0 };
const count = { sql: 'SELECT COUNT(*) AS notes FROM note', parameters: [] };
const update = { sql: 'UPDATE note SET body = ? WHERE id = ?', parameters: [null, 7] };

/** What comes out of the octets that a packer made. */
function statementsOf(unpacker: StatementUnpacker, octets: Uint8Array) {
  return unpacker.unpack(octets).map(({ statements }) => statements);
}

describe('statements on their way to the thread', () => {
  test('are there what they were here, batch by batch', () => {
    const [packer, unpacker] = [new StatementPacker(), new StatementUnpacker()];
    const batches = [[insert, count], [], [update, insert]];
    const packed = packer.pack(batches);
    unpacker.learn(packer.takeTexts());
    assert.deepEqual(statementsOf(unpacker, packed), batches);
    assert.deepEqual(statementsOf(unpacker, packer.pack([])), []);
  });

  test('keep every value: none, the largest integers, fractions for the engine to refuse, any text, many octets', () => {
    const [packer, unpacker] = [new StatementPacker(), new StatementUnpacker()];
    const values = [null, 0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 1.5, '', 'Zürich 東京 👋', 'x'.repeat(70_000)];
    const statement = { sql: 'SELECT ?', parameters: [...values, new Uint8Array(), new Uint8Array(3_000_000).fill(7)] };
    const packed = packer.pack([[statement]]);
    unpacker.learn(packer.takeTexts());
    assert.deepEqual(statementsOf(unpacker, packed), [[statement]]);
  });

  test('each batch has its own octets and the numbers of its texts', () => {
    const [packer, unpacker] = [new StatementPacker(), new StatementUnpacker()];
    const packed = packer.pack([[insert, count], [count]]);
    unpacker.learn(packer.takeTexts());
    const [first, second] = unpacker.unpack(packed);
    assert(first !== undefined && second !== undefined);
    assert.deepEqual([first.texts, second.texts], [[0, 1], [1]]);
    assert.deepEqual(statementsOf(unpacker, second.octets), [[count]]);
    assert.deepEqual(Buffer.concat([first.octets, second.octets]), Buffer.from(packed));
  });

  test('bring each text of SQL once', () => {
    const [packer, unpacker] = [new StatementPacker(), new StatementUnpacker()];
    packer.pack([[insert], [count], [insert]]);
    const first = packer.takeTexts();
    assert.deepEqual(first, [
      { number: 0, text: insert.sql },
      { number: 1, text: count.sql },
    ]);
    const packed = packer.pack([[update, count]]);
    const second = packer.takeTexts();
    assert.deepEqual(second, [{ number: 2, text: update.sql }]);
    unpacker.learn(first);
    assert.throws(() => unpacker.unpack(packed), /a statement came with the text 2, which was never told/);
    unpacker.learn(second);
    assert.deepEqual(statementsOf(unpacker, packed), [[update, count]]);
  });

  test('bring of a view only its own octets', () => {
    const slab = new Uint8Array(65_536).fill(9);
    const packed = new StatementPacker().pack([[{ sql: 'SELECT ?', parameters: [slab.subarray(10, 13)] }]]);
    assert.ok(packed.buffer.byteLength < 50, `${packed.buffer.byteLength} octets`);
  });
});
