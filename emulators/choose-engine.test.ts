import { describe, expect, it } from 'vitest';
import { chooseEngine, type Machine, whyNotGoogle } from './choose-engine.ts';
import { javaVersion } from './find-emulators.ts';

function machine(has: Partial<Record<'java' | 'emulators' | 'network', boolean>>): Machine {
  return {
    lackOfJava: async () => (has.java ? null : 'there is no `java` on this machine'),
    emulatorsAreHere: async () => has.emulators ?? false,
    reachesEmulators: async () => has.network ?? false,
  };
}

describe('the engine of a stack', () => {
  it('is what is asked for, whatever the machine has', async () => {
    expect(await chooseEngine('embedded', machine({ java: true, emulators: true }))).toEqual({
      engine: 'embedded',
      why: null,
    });
    expect(await chooseEngine('google', machine({}))).toEqual({ engine: 'google', why: null });
  });

  it('is Google’s where its emulators are here, or can be fetched', async () => {
    for (const has of [{ emulators: true }, { network: true }]) {
      expect(await chooseEngine(null, machine({ java: true, ...has }))).toEqual({
        engine: 'google',
        why: null,
      });
    }
  });

  it('is embedded without Java, and the line says what would change that', async () => {
    const { engine, why } = await chooseEngine(null, machine({ emulators: true, network: true }));
    expect(engine).toBe('embedded');
    expect(why).toContain('there is no `java` on this machine');
    expect(why).toContain('apt-get install default-jre-headless');
    expect(why).not.toContain('\n');
  });

  it('is embedded where the emulators cannot be had', async () => {
    const { engine, why } = await chooseEngine(null, machine({ java: true }));
    expect(engine).toBe('embedded');
    expect(why).toContain('gcloud components install cloud-firestore-emulator pubsub-emulator');
  });
});

it('counts emulators that are to be fetched as missing where nothing may be fetched', async () => {
  expect(await whyNotGoogle(machine({ java: true, network: true }))).toContain('not on this machine');
  expect(await whyNotGoogle(machine({ java: true, emulators: true }))).toBeNull();
});

it('reads the version of Java', () => {
  expect(javaVersion('openjdk version "17.0.20" 2026-07-21\n')).toBe(17);
  expect(javaVersion('java version "1.8.0_401"\n')).toBe(8);
  expect(javaVersion('openjdk version "25" 2025-09-16\n')).toBe(25);
  expect(javaVersion('The operation couldn’t be completed.')).toBeNull();
});
