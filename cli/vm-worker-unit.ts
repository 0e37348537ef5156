import { hardening, quoted } from './unit-hardening.ts';

/** The unit's name. systemd puts its credentials into a folder of this name. */
const unitName = 'spillway-vm-worker.service';

/**
 * A systemd unit that runs a VM worker on a machine of one's own, as a user that exists only while it runs. It needs
 * systemd 247 (Debian 11, Ubuntu 22.04).
 * @param node Path of Node.
 * @param script Path of the command.
 */
export function vmWorkerUnit(node: string, script: string): string {
  return `# ${unitName}, printed by: npx spillway vm-worker --print-unit
# Its settings are in /etc/spillway/vm-worker.env, its way into Google Cloud in /etc/spillway/google.json.
[Unit]
Description=Spillway VM worker
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${quoted(node)} ${quoted(script)} vm-worker
Environment=SPILLWAY_WORKER_ID=%H
Environment=SPILLWAY_SANDBOX=required
Environment=SPILLWAY_MODELS_DIR=/var/lib/spillway/models
Environment=SPILLWAY_WORK_DIR=/var/lib/spillway/work
Environment=SPILLWAY_HOST=127.0.0.1
Environment=SPILLWAY_HEALTH_PORT=8081
Environment=METADATA_SERVER_DETECTION=none
Environment=GOOGLE_APPLICATION_CREDENTIALS=/run/credentials/${unitName}/google.json
EnvironmentFile=/etc/spillway/vm-worker.env
LoadCredential=google.json:/etc/spillway/google.json
Restart=always
RestartSec=5

# Only the worker is asked to end. It gives back what its children cannot finish in 20 s.
KillMode=mixed
TimeoutStopSec=28
# A child that takes too much memory costs one attempt of one job, and not the worker.
OOMPolicy=continue

${hardening}
[Install]
WantedBy=multi-user.target
`;
}
