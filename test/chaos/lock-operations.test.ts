import { BSON } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { lockStatements } from './lock-operations.js';
import { CommandReader } from './mongo-requests.js';

/** A request as a client sends it. */
function request(document: BSON.Document, kind = 2_013): Buffer {
  const body = Buffer.from(BSON.serialize(document));
  const message = Buffer.alloc(16 + 4 + 1 + body.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(kind, 12);
  body.copy(message, 21);
  return message;
}

describe('what is asked of MongoDB', () => {
  const sent = Buffer.concat([
    request({ isMaster: 1 }, 2_004),
    request({ update: 'agendaJobs', updates: [] }),
    request({ find: 'agendaJobs', filter: { name: 'a\u0000b' } }),
  ]);
  const names = ['hello', 'update', 'find'];

  it('is told by the names of the commands, in pieces of whatever size they come', () => {
    for (const size of [1, 7, 16, 40, sent.length]) {
      const reader = new CommandReader();
      const found: string[] = [];
      for (let at = 0; at < sent.length; at += size) found.push(...reader.read(sent.subarray(at, at + size)));
      expect(found).toEqual(names);
    }
  });

  it('is not guessed at where something else is spoken', () => {
    expect(() => new CommandReader().read(Buffer.alloc(20))).toThrow('not the wire protocol');
  });
});

describe('what is asked of the table that stands for it', () => {
  it('is counted by the log: each statement on it once, none on others, none that was only prepared', () => {
    const log = [
      '/usr/sbin/mariadbd, Version: 10.11. started with:',
      'Time\t\t    Id Command\tArgument',
      "261121 19:20:01\t    45 Query\tUPDATE agenda_jobs SET lock_service = 'a'",
      '      WHERE id IN (SELECT id FROM agenda_jobs)',
      '\t\t    45 Query\tCOMMIT',
      '\t\t    46 Prepare\tSELECT id FROM agenda_jobs WHERE id = ?',
      '\t\t    46 Execute\tSELECT id',
      '      FROM agenda_jobs WHERE id = 1',
      '261121  9:20:02\t    47 Query\tSELECT * FROM jobs',
      "      WHERE id = 'my_agenda_jobs'",
    ].join('\n');
    expect([...lockStatements(log)]).toEqual([
      ['UPDATE', 1],
      ['SELECT', 1],
    ]);
  });
});
