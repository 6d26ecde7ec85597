import type { Database, DatabaseFault, QueryResult, SqlValue } from '../database.ts';

/** What the two engines know about their schema is the one thing that no shared SQL can ask. */
const QUESTIONS = {
  sqlite: {
    tables: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name",
    columns: 'SELECT name FROM pragma_table_info(?) ORDER BY cid',
    key: 'SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk',
  },
  postgres: {
    tables: 'SELECT tablename AS name FROM pg_catalog.pg_tables WHERE schemaname = current_schema() ORDER BY tablename',
    columns:
      'SELECT column_name AS name FROM information_schema.columns ' +
      'WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position',
    key:
      'SELECT k.column_name AS name FROM information_schema.key_column_usage AS k ' +
      'JOIN information_schema.table_constraints AS c ON c.constraint_schema = k.constraint_schema ' +
      'AND c.constraint_name = k.constraint_name AND c.table_name = k.table_name ' +
      "WHERE c.constraint_type = 'PRIMARY KEY' AND k.table_schema = current_schema() AND k.table_name = ? ORDER BY k.ordinal_position",
  },
} as const;

type Names = readonly string[] | DatabaseFault;

/** The tables of a database, whoever made them. */
export function tablesOf(database: Database): Promise<Names> {
  return namesOf(database, QUESTIONS[database.engine].tables);
}

/** The columns of a table in their order; none when there is no such table. */
export function columnsOf(database: Database, table: string): Promise<Names> {
  return namesOf(database, QUESTIONS[database.engine].columns, table);
}

/** The columns of a table's primary key in their order. */
export function keyOf(database: Database, table: string): Promise<Names> {
  return namesOf(database, QUESTIONS[database.engine].key, table);
}

async function namesOf(database: Database, sql: string, ...parameters: readonly SqlValue[]): Promise<Names> {
  const result: QueryResult = await database.query({ sql, parameters });
  return result.kind === 'fault' ? result : result.rows.map((row) => String(row.name));
}
