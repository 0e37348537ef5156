import { describe, expect, it } from 'vitest';
import { type Release, Semaphore, type Waiting } from './semaphore.ts';
import { isThenable } from './steps.ts';

/** Those that have got what they asked for, in that order, and how they give it back. */
function users(semaphore: Semaphore) {
  const served: string[] = [];
  const releases = new Map<string, Release>();
  function serve(name: string, release: Release): void {
    served.push(name);
    releases.set(name, release);
  }
  return {
    served,
    async ask(name: string, waiting: Waiting = {}): Promise<void> {
      const answer = semaphore.acquire(waiting);
      if (!isThenable(answer)) serve(name, answer);
      else
        answer.then(
          (release) => serve(name, release),
          (error: unknown) => served.push(`${name}: ${error}`),
        );
    },
    end: (name: string) => releases.get(name)?.(),
  };
}

describe('a semaphore', () => {
  it('lets in as many as there are places, and the others when one is given back', () => {
    const semaphore = new Semaphore(2);
    const { served, ask, end } = users(semaphore);
    for (const name of ['a', 'b', 'c', 'd']) ask(name);
    expect(served).toEqual(['a', 'b']);
    end('b');
    end('b');
    expect(served).toEqual(['a', 'b', 'c']);
    expect(semaphore.taken).toBe(2);
  });

  it('serves the lowest order first, and of equals the one that came first', () => {
    const { served, ask, end } = users(new Semaphore(1));
    ask('first');
    ask('late', { order: 9 });
    ask('soon', { order: 3 });
    ask('soon too', { order: 3 });
    ask('sooner', { order: 1 });
    for (const name of ['first', 'sooner', 'soon', 'soon too']) end(name);
    expect(served).toEqual(['first', 'sooner', 'soon', 'soon too', 'late']);
  });

  it('counts weights, lets nobody overtake a heavy one, and lets in one that is too heavy alone', () => {
    const semaphore = new Semaphore(10);
    const { served, ask, end } = users(semaphore);
    ask('6', { weight: 6 });
    ask('30', { weight: 30 });
    ask('1', { weight: 1 });
    expect(served).toEqual(['6']);
    end('6');
    expect(served).toEqual(['6', '30']);
    end('30');
    expect(served).toEqual(['6', '30', '1']);
  });

  it('forgets what is called off while it waits, and goes on with those behind it', () => {
    const semaphore = new Semaphore(10);
    const { served, ask, end } = users(semaphore);
    const calledOff = new AbortController();
    ask('7', { weight: 7 });
    ask('5', { weight: 5, signals: [calledOff.signal] });
    ask('2', { weight: 2 });
    calledOff.abort('Not any more.');
    expect(served).toEqual(['7', '5: Not any more.', '2']);
    end('7');
    expect(semaphore.taken).toBe(2);
    expect(() => semaphore.acquire({ signals: [calledOff.signal] })).toThrow('Not any more.');
  });

  it('leaves a place to whoever has it, whatever is called off then', () => {
    const semaphore = new Semaphore(1);
    const { served, ask, end } = users(semaphore);
    const calledOff = new AbortController();
    ask('a');
    ask('b', { signals: [calledOff.signal] });
    end('a');
    calledOff.abort('Too late.');
    expect(served).toEqual(['a', 'b']);
    expect(semaphore.taken).toBe(1);
  });

  it('has more places, or fewer, from now on', () => {
    const semaphore = new Semaphore(1);
    const { served, ask, end } = users(semaphore);
    for (const name of ['a', 'b', 'c']) ask(name);
    semaphore.resize(2);
    expect(served).toEqual(['a', 'b']);
    semaphore.resize(1);
    end('a');
    expect(served).toEqual(['a', 'b']);
    end('b');
    expect(served).toEqual(['a', 'b', 'c']);
  });
});
