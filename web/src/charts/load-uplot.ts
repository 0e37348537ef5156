import type uPlot from 'uplot';

/**
 * Loads the chart library when the first chart is drawn. It formats numbers in the browser's language while loading,
 * and fails for good if `Intl` refuses that language (Chromium under the POSIX locale reports `en-US@posix`).
 */
export async function loadUPlot(): Promise<typeof uPlot> {
  try {
    new Intl.NumberFormat(navigator.language);
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
  }
  return (await import('uplot')).default;
}
