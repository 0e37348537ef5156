import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sandboxFilter } from './sandbox-filter.ts';

/**
 * A sandbox keeps a child, which decodes what strangers send, from everything but files and its own processor time: it
 * gets no socket, so no metadata server and no credentials by it, and cannot reach into the worker or other children.
 * It is made of what any Linux process may do to itself, so it needs no rights and works in any container:
 *
 * - a seccomp filter that refuses every socket, and every call that reaches into another process;
 * - a Landlock domain, where the kernel has it, which also closes /proc/<pid>/mem, signals, and the worker's credentials.
 *
 * Node cannot do that to a process that it starts. Perl can, and every Debian has it (perl-base is an essential package).
 * @see https://docs.kernel.org/userspace-api/seccomp_filter.html
 * @see https://docs.kernel.org/userspace-api/landlock.html
 */
export const sandboxRules = ['required', 'where_possible', 'off'] as const;
/**
 * `required`: no child starts without it. `where_possible`: a child starts all the same, for example on macOS. `off`: for
 * plug-ins that need a network.
 */
export type SandboxRule = (typeof sandboxRules)[number];

/** How a child is started. */
export type Launch =
  | { kind: 'sandboxed'; execPath: string; execArgv: string[] }
  /** `why`: null where it is meant to be so. */
  | { kind: 'plain'; why: string | null };

const perl = '/usr/bin/perl';
/** The launcher's exit code where a sandbox is required and does not hold. */
export const noSandboxExit = 71;

/** How children are to be started on this machine. Whether a sandbox holds is checked in each child, before Node starts. */
export function launchOf(rule: SandboxRule): Launch {
  if (rule === 'off') return { kind: 'plain', why: null };
  const filter = sandboxFilter(process.arch);
  if (process.platform !== 'linux') return { kind: 'plain', why: 'Only Linux has sandboxes for children.' };
  if (filter === null)
    return { kind: 'plain', why: `There is no sandbox for processors of ${process.arch}.` };
  if (!existsSync(perl)) {
    return {
      kind: 'plain',
      why: `${perl} is missing, which sandboxes are made with: apt-get install perl-base`,
    };
  }
  const isRequired = rule === 'required' ? '1' : '0';
  const settings = [String(filter.prctl), filter.program.toString('hex'), isRequired, String(noSandboxExit)];
  const hidden = hiddenPaths(process.env);
  return {
    kind: 'sandboxed',
    execPath: perl,
    execArgv: ['-e', launcher, '--', ...settings, String(hidden.length), ...hidden, process.execPath],
  };
}

/**
 * The worker's credentials, if they are files: a key, the token that a workload's configuration names, what gcloud keeps
 * for the programs of its user, or what systemd's `LoadCredential=` gave to its service.
 * @see https://cloud.google.com/docs/authentication/application-default-credentials
 */
function hiddenPaths(environment: NodeJS.ProcessEnv): string[] {
  const { GOOGLE_APPLICATION_CREDENTIALS: key, CREDENTIALS_DIRECTORY: folder, HOME: home } = environment;
  const gcloud = environment.CLOUDSDK_CONFIG || (home ? join(home, '.config', 'gcloud') : null);
  const paths = [key, key ? tokenFileOf(key) : null, gcloud, folder];
  return paths.flatMap((path) => (path && existsSync(path) ? [realpathSync(path)] : []));
}

const workloadSchema = z.object({ credential_source: z.object({ file: z.string() }) });

/** Null where the file names none. Whether it is valid at all, Google's client says. */
function tokenFileOf(key: string): string | null {
  try {
    return workloadSchema.parse(JSON.parse(readFileSync(key, 'utf8'))).credential_source.file;
  } catch {
    return null;
  }
}

/**
 * Arguments: number of prctl, filter in hexadecimal, whether it is required, exit code, number of hidden paths, these,
 * the program and its arguments. Landlock's calls have the same numbers on all processors. Its oldest version is enough.
 * What is hidden is left out of what may be read, because Landlock has no rule that forbids.
 */
const launcher = String.raw`
use strict;
my ($prctl, $hex, $required, $code, $hidden, @rest) = @ARGV;
my @hidden = splice @rest, 0, $hidden;
my $filter = pack 'H*', $hex;
my $program = pack 'S x6 P', length($filter) / 8, $filter;
my $parent = getppid;

syscall($prctl + 0, 38, 1, 0, 0, 0);
my $abi = syscall(444, 0, 0, 1);
if ($abi > 0) {
  my $read = @hidden ? 4 : 0;
  # Devices, sockets, named pipes and symbolic links: with one in place of a result, the worker would open what it names.
  my $rules = pack 'Q3', 0x1e40 | $read, $abi >= 4 ? 3 : 0, $abi >= 6 ? 3 : 0;
  my $domain = syscall(444, $rules, $abi >= 6 ? 24 : $abi >= 4 ? 16 : 8, 0);
  if ($domain >= 0) {
    allow($domain, '') if @hidden;
    syscall(446, $domain, 0);
  }
}
syscall($prctl + 0, 22, 2, $program);

my @open;
push @open, 'sockets' if socket(my $socket, 2, 1, 0);
push @open, 'the memory of the worker' if sysopen(my $memory, "/proc/$parent/mem", 0);
push @open, 'the credentials of the worker' if grep { -e $_ and sysopen(my $file, $_, 0) and (-d $_ ? sysread_any($_) : 1) } @hidden;
if (@open) {
  my $what = join ', ', @open;
  print STDERR "The sandbox of a child does not hold on this machine: it leaves open $what.\n";
  exit $code if $required;
}
exec { $rest[0] } @rest or die "$rest[0] cannot be started: $!\n";

sub allow {
  my ($domain, $folder) = @_;
  opendir my $entries, "$folder/" or return;
  for my $name (readdir $entries) {
    next if $name eq '.' or $name eq '..';
    my $path = "$folder/$name";
    # What a link names has a place of its own, where it is allowed or hidden.
    next if -l $path;
    next if grep { $_ eq $path } @hidden;
    if (grep { index($_, "$path/") == 0 } @hidden) { allow($domain, $path); next; }
    sysopen my $file, $path, 0x280000 or next;
    my $rule = pack 'Q l', 4, fileno $file;
    syscall(445, $domain, 1, $rule, 0);
  }
}

sub sysread_any {
  my ($folder) = @_;
  opendir my $entries, $folder or return 0;
  return scalar grep { -f "$folder/$_" and sysopen(my $file, "$folder/$_", 0) } readdir $entries;
}
`;
