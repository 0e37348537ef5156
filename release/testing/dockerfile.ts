import { readFile } from 'node:fs/promises';
import {
  type Cmd,
  type Copy,
  DockerfileParser,
  type Entrypoint,
  type From,
  type Instruction,
} from 'dockerfile-ast';

/** A stage of the Dockerfile, with its instructions in order. */
export interface Stage {
  name: string;
  /** The name of an earlier stage, or an image. */
  base: string;
  instructions: StageInstruction[];
}

export type StageInstruction =
  /** @property from The stage that is copied from; null for the folder that the image is built from. */
  | { kind: 'copy'; from: string | null; source: string; target: string }
  | { kind: 'run'; command: string }
  | { kind: 'set'; as: 'env' | 'arg'; values: Record<string, string> }
  | { kind: 'workdir'; path: string }
  | { kind: 'user'; user: string }
  /** @property words Null where it is given to a shell, which would then be the first process. */
  | { kind: 'entrypoint'; words: string[] | null }
  /** What the entrypoint is given where nobody gives it anything. */
  | { kind: 'command'; words: string[] }
  | { kind: 'volume'; path: string }
  | { kind: 'healthcheck'; command: string }
  | { kind: 'expose' };

export const dockerfile = new URL('../../Dockerfile', import.meta.url);

/** Reads the stages of a Dockerfile. Throws on an instruction that no test looks at. */
export async function readStages(path: URL = dockerfile): Promise<Stage[]> {
  const stages: Stage[] = [];
  for (const instruction of DockerfileParser.parse(await readFile(path, 'utf8')).getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      const from = instruction as From;
      stages.push({ name: from.getBuildStage() ?? '', base: from.getImage() ?? '', instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (!stage) throw new Error('The Dockerfile has an instruction before its first stage.');
      stage.instructions.push(readInstruction(instruction));
    }
  }
  return stages;
}

function readInstruction(instruction: Instruction): StageInstruction {
  const words = instruction.getArguments().map((word) => word.getValue());
  const keyword = instruction.getKeyword();
  switch (keyword) {
    case 'COPY': {
      const [source = '', target = '', more] = words;
      if (more !== undefined) throw new Error(`A COPY has more than one source: ${words.join(' ')}`);
      return { kind: 'copy', from: (instruction as Copy).getFromFlag()?.getValue() ?? null, source, target };
    }
    case 'RUN':
      return { kind: 'run', command: instruction.getArgumentsContent() ?? '' };
    case 'ENV':
    case 'ARG':
      return { kind: 'set', as: keyword === 'ENV' ? 'env' : 'arg', values: valuesOf(words) };
    case 'WORKDIR':
      return { kind: 'workdir', path: words.join(' ') };
    case 'USER':
      return { kind: 'user', user: words.join(' ') };
    case 'ENTRYPOINT': {
      const strings = (instruction as Entrypoint).getJSONStrings();
      const list = strings.map((word) => word.getJSONValue());
      return { kind: 'entrypoint', words: list.length > 0 ? list : null };
    }
    case 'CMD':
      return {
        kind: 'command',
        words: (instruction as Cmd).getJSONStrings().map((word) => word.getJSONValue()),
      };
    case 'VOLUME':
      return { kind: 'volume', path: words.join(' ') };
    case 'HEALTHCHECK':
      return { kind: 'healthcheck', command: instruction.getArgumentsContent() ?? '' };
    case 'EXPOSE':
      return { kind: 'expose' };
    default:
      throw new Error(`No test looks at ${keyword}: teach release/testing/dockerfile.ts what it does.`);
  }
}

function valuesOf(words: string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const [name = '', ...value] = word.split('=');
      return [name, value.join('=').replace(/^"(.*)"$/, '$1')];
    }),
  );
}
