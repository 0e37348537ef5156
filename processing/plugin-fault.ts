/** The code of a plug-in threw. Whatever the error says, the machine is not to blame, and other operations work. */
export class PluginFault extends Error {
  override readonly name = 'PluginFault';

  constructor(operation: string, cause: unknown) {
    super(`The code of the plug-in ${operation} failed.`, { cause });
  }
}
