/**
 * The seccomp filter of a child: a program for the kernel's classic BPF machine, which looks at the number of each system
 * call.
 * @see https://docs.kernel.org/userspace-api/seccomp_filter.html
 */

/** Numbers of system calls, and the kernel's name of the processor (AUDIT_ARCH). */
interface Processor {
  arch: number;
  prctl: number;
  socketpair: number;
  /** Refused as if there were no right to them. */
  denied: Record<string, number>;
}

/** What is read and written is not among them: the channel to the worker is a socket that the child was given. */
const anyProcessor = {
  io_uring_setup: 425,
  pidfd_open: 434,
  pidfd_getfd: 438,
  process_madvise: 440,
} as const;

/** @see https://github.com/torvalds/linux/blob/master/arch/x86/entry/syscalls/syscall_64.tbl and scripts/syscall.tbl there */
const processors: Partial<Record<NodeJS.Architecture, Processor>> = {
  x64: {
    arch: 0xc000003e,
    prctl: 157,
    socketpair: 53,
    denied: {
      ...anyProcessor,
      socket: 41,
      ptrace: 101,
      add_key: 248,
      request_key: 249,
      keyctl: 250,
      perf_event_open: 298,
      process_vm_readv: 310,
      process_vm_writev: 311,
      bpf: 321,
    },
  },
  arm64: {
    arch: 0xc00000b7,
    prctl: 167,
    socketpair: 199,
    denied: {
      ...anyProcessor,
      socket: 198,
      ptrace: 117,
      add_key: 217,
      request_key: 218,
      keyctl: 219,
      perf_event_open: 241,
      process_vm_readv: 270,
      process_vm_writev: 271,
      bpf: 280,
    },
  },
};

/** BPF: load a word, mask it, jump if equal, jump if greater or equal, return. */
const code = { load: 0x20, mask: 0x54, ifEqual: 0x15, ifAtLeast: 0x35, answer: 0x06 } as const;
/** Where `struct seccomp_data` has them; of an argument its lower half. */
const field = { number: 0, arch: 4, secondArgument: 24 } as const;
/** Linux keeps flags in the other bits of a socket's type. */
const socketType = { mask: 0xf, stream: 1 } as const;
const allow = 0x7fff0000;
const killProcess = 0x80000000;
/** SECCOMP_RET_ERRNO with EACCES. */
const refuse = 0x00050000 | 13;
/** Numbers from here on are those of the x32 calls of an x64 kernel, which would go round the filter. */
const x32 = 0x40000000;

export interface SandboxFilter {
  /** The number of prctl, which sets the filter. */
  prctl: number;
  /** Instructions of 8 bytes each: `struct sock_filter`. */
  program: Buffer;
}

/** Null for a processor whose system calls are not known here. */
export function sandboxFilter(architecture: NodeJS.Architecture): SandboxFilter | null {
  const processor = processors[architecture];
  if (!processor) return null;
  const denied = Object.values(processor.denied);
  const instructions = [
    instruction(code.load, field.arch),
    instruction(code.ifEqual, processor.arch, 1, 0),
    instruction(code.answer, killProcess),
    instruction(code.load, field.number),
    // Each jumps to the last instruction, which is one behind those that follow.
    instruction(code.ifAtLeast, x32, denied.length + 5, 0),
    ...denied.map((number, index) => instruction(code.ifEqual, number, denied.length + 4 - index, 0)),
    // A pair of streams is no way out, and programs that a plug-in starts need some. From a pair of datagram sockets
    // each can send to any other that has a name in the file system, such as the system's log.
    instruction(code.ifEqual, processor.socketpair, 0, 3),
    instruction(code.load, field.secondArgument),
    instruction(code.mask, socketType.mask),
    instruction(code.ifEqual, socketType.stream, 0, 1),
    instruction(code.answer, allow),
    instruction(code.answer, refuse),
  ];
  return { prctl: processor.prctl, program: Buffer.concat(instructions) };
}

/** @param whenTrue,whenFalse How many instructions a jump passes over. */
function instruction(operation: number, value: number, whenTrue = 0, whenFalse = 0): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(operation, 0);
  bytes.writeUInt8(whenTrue, 2);
  bytes.writeUInt8(whenFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
