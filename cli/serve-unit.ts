import { hardening, quoted } from './unit-hardening.ts';

/**
 * A systemd unit that runs the product on one machine.
 * @param node Path of Node.
 * @param script Path of the command.
 */
export function serveUnit(node: string, script: string): string {
  return `# spillway.service, printed by: npx spillway serve --print-unit
# Its settings are variables in /etc/spillway/serve.env, which need not be there: PORT, SPILLWAY_HOST, SPILLWAY_PUBLIC_URL …
[Unit]
Description=Spillway
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${quoted(node)} ${quoted(script)} serve
Environment=SPILLWAY_DATA=/var/lib/spillway
Environment=SPILLWAY_LOGS=output
Environment=SPILLWAY_SANDBOX=required
EnvironmentFile=-/etc/spillway/serve.env
Restart=on-failure
RestartSec=5
# A wrong setting or an unusable folder is not mended by another try.
RestartPreventExitStatus=2

# The supervisor asks its parts to end. Workers give back what they cannot finish in 20 s.
KillMode=mixed
TimeoutStopSec=40
# A child that takes too much memory costs one attempt of one job, and nothing else.
OOMPolicy=continue

${hardening}
[Install]
WantedBy=multi-user.target
`;
}
