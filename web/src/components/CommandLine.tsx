import { CopyButton } from './CopyButton.tsx';

/** A command for a terminal, to be copied. */
export function CommandLine({ command }: { command: string }) {
  return (
    <span class="command-line">
      <code>{command}</code>
      <CopyButton text={command} subject="the command" />
    </span>
  );
}
