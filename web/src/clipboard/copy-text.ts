/**
 * Puts text on the clipboard; false where the browser does not let it. `near` stands where the focus may be: a modal
 * dialog makes everything outside of it inert.
 */
export async function copyText(text: string, near: Element): Promise<boolean> {
  // Browsers offer the clipboard to https and to this machine alone.
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed like this: the older way asks for no permission.
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
