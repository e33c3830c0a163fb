import { describe, expect, it } from '@jest/globals';
import { rememberLastGiven } from '../../../src/platform/workers/last-connection.ts';

function createScene() {
  const sent: unknown[][] = [];
  const closed: string[] = [];
  const child = {
    send: (...args: unknown[]): boolean => {
      sent.push(args);
      return true;
    },
  };
  const connection = (name: string) => {
    return { close: () => void closed.push(name) };
  };
  return { sent, closed, child, connection, closeLastGiven: rememberLastGiven(child) };
}

describe('The connection that was given last', () => {
  it('is closed, and none before it', () => {
    const { closed, child, connection, closeLastGiven } = createScene();
    child.send('newconn', connection('first'));
    child.send('newconn', connection('last'));
    closeLastGiven();
    expect(closed).toEqual(['last']);
  });

  it.each([
    ['a callback', () => {}],
    ['nothing', undefined],
    ['no handle', null],
  ])('is so behind a message with %s', (_with, second) => {
    const { sent, closed, child, connection, closeLastGiven } = createScene();
    const given = connection('last');
    child.send('newconn', given);
    child.send('order', second);
    closeLastGiven();
    expect(closed).toEqual(['last']);
    expect(sent).toEqual([
      ['newconn', given],
      ['order', second],
    ]);
  });

  it('is none when none was given', () => {
    const { closed, child, closeLastGiven } = createScene();
    child.send('order', () => {});
    closeLastGiven();
    expect(closed).toEqual([]);
  });
});
