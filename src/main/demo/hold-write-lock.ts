import { DatabaseSync } from 'node:sqlite';

/** A process that takes SQLite's write lock and keeps it until it is killed. Its argument is the file. */
const [path = ''] = process.argv.slice(2);
const database = new DatabaseSync(path, { timeout: 5_000 });
database.exec('BEGIN IMMEDIATE');
process.stdout.write('locked\n');
process.stdin.resume();
process.stdin.once('end', () => process.exit());
