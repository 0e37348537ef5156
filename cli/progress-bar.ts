import { SingleBar } from 'cli-progress';

/** A bar on standard error if that is a terminal, else nothing. Results go to standard output. */
export interface ProgressBar {
  /** `text` is shown before the figures. */
  update(done: number, total: number, text: string): void;
  /** Prints a line of results above the bar. */
  print(line: string): void;
  stop(): void;
}

const clearLine = '\r\u001b[K';

/** @param format Writes a figure with its unit, such as bytes or files. */
export function startProgressBar(format: (value: number) => string): ProgressBar {
  const onTerminal = process.stderr.isTTY === true;
  const bar = new SingleBar({
    stream: process.stderr,
    format: ({ barsize = 30 }, { progress, value, total }, { text }) => {
      const filled = Math.round(progress * barsize);
      const drawn = `${'█'.repeat(filled)}${'░'.repeat(barsize - filled)}`;
      return `${text}  ${drawn} ${Math.floor(progress * 100)} %  ${format(value)} of ${format(total)}`;
    },
    barsize: 30,
    clearOnComplete: true,
  });
  let started = false;
  return {
    update(done, total, text) {
      if (!onTerminal) return;
      if (!started) bar.start(total, done, { text });
      started = true;
      bar.setTotal(total);
      bar.update(done, { text });
    },
    print(line) {
      if (started) process.stderr.write(clearLine);
      console.log(line);
    },
    stop() {
      if (started) bar.stop();
      started = false;
    },
  };
}
