import { expect, inject, it } from 'vitest';
import { type Answers, runDoctor, wrongCodes } from '../doctor.ts';
import { drawnJpeg } from '../pictures.ts';
import { ownStack } from './own-stack.ts';

const own = ownStack({ vms: 2, slots: 1, runMax: 1 });
/** Only ends what hangs. Milliseconds. */
const polling = { timeout: 90_000, interval: 500 };

const doctor = (...args: string[]) => runDoctor(own().directory, ...args);
async function wrong(): Promise<string[]> {
  const { stdout } = await doctor('--json');
  return wrongCodes(JSON.parse(stdout) as Answers);
}

it('says of a healthy stack that nothing is wrong', async () => {
  await own().client.drop('sketch/well.jpg', await drawnJpeg(1));
  await own().client.endedJobs('sketch/well.jpg');
  await expect.poll(wrong, polling).toEqual([]);
  const { code, stdout, stderr } = await doctor();
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^ {2}New work is taken by 2 VMs and Cloud Run \(\d instances? now\)\.$/m);
  expect(stdout).toMatch(/^Nothing is wrong\.$/m);
});

it('names a VM that is silent, until it is heard of again', async () => {
  const pid = own().stack.pids['vm-1'] ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    await expect.poll(wrong, polling).toContain('worker_silent');
    const { code, stdout } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^! The VM vm-1 has not been heard of for /m);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await expect.poll(wrong, polling).toEqual([]);
});

it('says what is wrong with settings, and that nothing takes work', async () => {
  const { client, stack } = own();
  await client.documents.merge('settings/routing', { confidence: 'high' });
  await expect.poll(wrong, polling).toContain('settings_invalid');
  await client.documents.merge('settings/routing', { confidence: 1, run: { enabled: false } });
  await Promise.all(['vm-1', 'vm-2'].map((name) => stack.stopPart(name)));
  await expect.poll(wrong, polling).toContain('nothing_takes_work');
  // A router reads settings every four seconds, so Cloud Run may still take the first of these.
  const late = await drawnJpeg(2);
  let dropped = 0;
  const wrongAfterDrop = async () => {
    await client.drop(`sketch/late-${dropped++}.jpg`, late);
    return wrong();
  };
  await expect.poll(wrongAfterDrop, polling).toContain('late_waiting');
});

it('tells of dead letters', async () => {
  await own().client.drop('sketch/more.jpg', await drawnJpeg(3));
  await own().client.messages.publish('dead', 'x', { problem: 'It is no JSON.' });
  await expect.poll(async () => (await doctor()).stdout, polling).toContain('It is no JSON.');
});

it.runIf(inject('engine') === 'google')('cannot look where Firestore is away, and says so', async () => {
  await own().stack.stopPart('emulators');
  expect(await doctor()).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^Firestore of the local stack of .* does not answer\. Does it run\? /),
  });
});
