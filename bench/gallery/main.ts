import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launchBrowser } from '@spillway/tests/browser.ts';
import { drawPhoto } from '../photos.ts';
import { inTemporaryFolder } from './in-temporary-folder.ts';
import { measureDrop } from './measure-drop.ts';
import { measureScrolling } from './measure-scrolling.ts';
import { measureWeight } from './measure-weight.ts';

/** What the upload page costs a browser with many pictures: memory, long tasks, layout shift, bytes. */
export async function gallery({ json }: { json: boolean }): Promise<void> {
  const browser = await launchBrowser();
  try {
    const report = await inTemporaryFolder(async (folder) => {
      const path = join(folder, 'photo.jpg');
      await drawPhoto(4_000, 3_000, 1, path);
      const photo = await readFile(path);
      return {
        scrolling: await measureScrolling(browser, photo),
        weight: await measureWeight(browser, photo),
        drop: await measureDrop(browser, folder),
      };
    });
    if (json) console.log(JSON.stringify(report, null, 2));
    else print(report);
  } finally {
    await browser.close();
  }
}

interface Report {
  scrolling: Awaited<ReturnType<typeof measureScrolling>>;
  weight: Awaited<ReturnType<typeof measureWeight>>;
  drop: Awaited<ReturnType<typeof measureDrop>>;
}

function print({ scrolling, weight, drop }: Report): void {
  const { pictures, results } = scrolling;
  console.log(`${pictures} pictures with ${results} results, scrolled to the end and back:`);
  console.log(
    `  heap at the end      ${scrolling.heapMB.toFixed(1)} MB (most ${scrolling.mostHeapMB.toFixed(1)})`,
  );
  console.log(`  longest task         ${scrolling.longestTaskMs} ms (${scrolling.longTasks} over 50 ms)`);
  console.log(`  most elements        ${scrolling.mostElements}`);
  console.log(`  all loaded after     ${scrolling.loadedMs} ms`);
  console.log(`  interaction          ${scrolling.interactionMs} ms until the next paint, at most`);
  console.log(`${weight.cards} cards of ${(weight.photoBytes / 1e6).toFixed(1)} MB photos:`);
  console.log(`  pictures             ${(weight.pictureBytes / 1e6).toFixed(2)} MB`);
  console.log(`  everything           ${(weight.bytes / 1e6).toFixed(2)} MB, ${weight.requests} requests`);
  console.log(`A drop of ${drop.files} files, until all were done after ${drop.seconds.toFixed(0)} s:`);
  console.log(`  layout shift         ${drop.layoutShift.toFixed(4)}`);
  console.log(`  longest task         ${drop.longestTaskMs} ms (${drop.longTasks} over 50 ms)`);
  console.log(`  heap                 ${drop.heapMB.toFixed(1)} MB`);
  console.log(`  in order             ${drop.inOrder ? 'yes' : 'NO'}`);
}
