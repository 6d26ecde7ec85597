import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StatementPacker, StatementUnpacker } from './packed-statements.ts';

const insert = { sql: 'INSERT INTO note (id, body) VALUES (?, ?)', parameters: ['a', new Uint8Array([1, 2])], expectRows: 0 };
const count = { sql: 'SELECT COUNT(*) AS notes FROM note', parameters: [] };
const update = { sql: 'UPDATE note SET body = ? WHERE id = ?', parameters: [null, 7] };

describe('statements on their way to the thread', () => {
  test('are there what they were here, batch by batch', () => {
    const [packer, unpacker] = [new StatementPacker(), new StatementUnpacker()];
    const batches = [[insert, count], [], [update, insert]];
    const packed = packer.pack(batches);
    unpacker.learn(packer.takeTexts());
    assert.deepEqual(unpacker.unpack(packed), batches);
    assert.deepEqual(unpacker.unpack(packer.pack([])), []);
  });

  test('bring each text of SQL once', () => {
    const [packer, unpacker] = [new StatementPacker(), new StatementUnpacker()];
    packer.pack([[insert], [count], [insert]]);
    const first = packer.takeTexts();
    assert.deepEqual(first, [insert.sql, count.sql]);
    const packed = packer.pack([[update, count]]);
    const second = packer.takeTexts();
    assert.deepEqual(second, [update.sql]);
    unpacker.learn(first);
    assert.throws(() => unpacker.unpack(packed), /a statement came with the text 2, which was never told/);
    unpacker.learn(second);
    assert.deepEqual(unpacker.unpack(packed), [[update, count]]);
  });

  test('bring of a view only its own octets', () => {
    const slab = new Uint8Array(65_536).fill(9);
    const { values } = new StatementPacker().pack([[{ sql: 'SELECT ?', parameters: [slab.subarray(10, 13)] }]]);
    const [value] = values;
    assert(value instanceof Uint8Array);
    assert.deepEqual([...value], [9, 9, 9]);
    assert.equal(value.buffer.byteLength, 3);
  });
});
