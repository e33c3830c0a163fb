import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { RunningAnswers } from '../../../src/platform/http/running-answers.ts';

const answerOn = (socket: Socket): ServerResponse => new ServerResponse(new IncomingMessage(socket));

describe('Answers under way', () => {
  let running: RunningAnswers;
  let socket: Socket;
  beforeEach(() => {
    running = new RunningAnswers({ answersPerConnectionMax: 3 });
    socket = new Socket();
  });

  const add = (count: number, on = socket): ServerResponse[] => {
    const answers = Array.from({ length: count }, () => answerOn(on));
    for (const res of answers) expect(running.add(res)).toBe(true);
    return answers;
  };

  it('are those that have not gone out, in their order', () => {
    const [first, second, third] = add(3);
    first?.emit('close');
    expect([...running]).toEqual([second, third]);
    third?.emit('close');
    expect([...running]).toEqual([second]);
    expect(running.of(socket)).toEqual([second]);
    second?.emit('close');
    expect(running.size).toBe(0);
  });

  it('are told apart by connection', () => {
    const other = new Socket();
    const [mine] = add(1);
    const [theirs] = add(1, other);
    expect(running.of(socket)).toEqual([mine]);
    expect(running.of(other)).toEqual([theirs]);
    expect(running.of(new Socket())).toEqual([]);
    expect(running.size).toBe(2);
  });

  it('are no more when their connection is closed, though nobody has told each of them', () => {
    add(2);
    socket.emit('close');
    expect(running.size).toBe(0);
    expect([...running]).toEqual([]);
  });

  it('are so many on one connection at most, which then takes no more, and ends behind them', () => {
    const answers = add(3);
    expect(running.add(answerOn(socket))).toBe(false);
    expect(answers.at(-1)?.shouldKeepAlive).toBe(false);
    answers[0]?.emit('close');
    expect(running.add(answerOn(socket))).toBe(false);
    expect(socket.destroyed).toBe(false);
    for (const res of answers.slice(1)) res.emit('close');
    expect(socket.destroyed || socket.writableEnded).toBe(true);
  });
});
