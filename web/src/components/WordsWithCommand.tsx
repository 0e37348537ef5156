import { withCommand } from '../jobs/words.ts';
import { CommandLine } from './CommandLine.tsx';

/** A message. A command in it can be copied. */
export function WordsWithCommand({ text }: { text: string }) {
  const { before, command, after } = withCommand(text);
  if (command === null) return <>{text}</>;
  return (
    <>
      {before}
      <CommandLine command={command} />
      {after}
    </>
  );
}
