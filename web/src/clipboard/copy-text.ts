/**
 * Puts text on the clipboard. False if the browser does not allow it.
 * @param near An element where the focus may be: a modal dialog makes everything outside of it inert.
 */
export async function copyText(text: string, near: Element): Promise<boolean> {
  // Browsers offer the clipboard only on https and on this machine.
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed. The older way needs no permission.
    }
  }
  return copySelected(text, near);
}

function copySelected(text: string, near: Element): boolean {
  const before = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  near.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return copied;
}
