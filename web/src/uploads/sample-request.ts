/** A storage that takes every file at once, in place of XMLHttpRequest in tests. */
export class TakingRequest extends EventTarget {
  readonly upload = new EventTarget();
  status = 0;
  open() {}
  setRequestHeader() {}
  getResponseHeader() {
    return null;
  }
  abort() {}
  send() {
    this.status = 200;
    queueMicrotask(() => this.dispatchEvent(new Event('load')));
  }
}
