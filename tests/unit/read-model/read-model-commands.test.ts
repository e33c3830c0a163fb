import { describe, expect, it } from '@jest/globals';
import { parseReadModelCommand } from '../../../src/profiles/read-model/read-model-commands.ts';

describe('The command line of the read model', () => {
  it.each([
    [['check'], { name: 'check', batchSize: 500, fromStart: false }],
    [['rebuild', '--batch', '20'], { name: 'rebuild', batchSize: 20, fromStart: false }],
    [['--from-start', '--batch=5000', 'rebuild'], { name: 'rebuild', batchSize: 5_000, fromStart: true }],
    [['status'], { name: 'status', batchSize: 500, fromStart: false }],
    [['suspend'], { name: 'suspend', batchSize: 500, fromStart: false }],
  ])('understands %j', (args, command) => {
    expect(parseReadModelCommand(args)).toEqual(command);
  });

  it.each([
    [[]],
    [['look']],
    [['check', 'rebuild']],
    [['rebuild', '--batch', '0']],
    [['rebuild', '--batch', '5001']],
    [['rebuild', '--batch', '1.5']],
    [['rebuild', '--batch', 'many']],
    [['rebuild', '--batch']],
    [['check', '--nothing']],
  ])('does not take %j for a command', (args) => {
    expect(parseReadModelCommand(args)).toBeNull();
  });
});
