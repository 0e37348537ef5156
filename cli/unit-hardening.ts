/**
 * What a unit of ours is allowed: a user that exists only while it runs, its own folder below /var/lib, and the network
 * without a cloud's metadata server. It needs systemd 247 (Debian 11, Ubuntu 22.04).
 */
export const hardening = `DynamicUser=yes
StateDirectory=spillway
StateDirectoryMode=0700
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
KeyringMode=private
SystemCallArchitectures=native
# Where the machine is a virtual one of some cloud, its metadata server is none of Spillway's business.
IPAddressDeny=169.254.169.254
`;

/** As systemd reads words: https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html#Quoting */
export function quoted(path: string): string {
  const escaped = path.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /[\s"'\\]/.test(escaped) ? `"${escaped.replaceAll(/["\\]/g, '\\$&')}"` : escaped;
}
