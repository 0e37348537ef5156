# Everything that has no default, with made-up values. variables.tf describes the rest.
project        = "example-pictures"
project_number = "123456789012"
region         = "us-central1"

functions_archive = "functions.zip"
worker_image      = "us-central1-docker.pkg.dev/example-pictures/spillway-programs/cloudrun-worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
site_image        = "us-central1-docker.pkg.dev/example-pictures/spillway-programs/site@sha256:0000000000000000000000000000000000000000000000000000000000000000"
vm_image          = "us-central1-docker.pkg.dev/example-pictures/spillway-programs/vm-worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"

vm_count          = 2
vm_max_count      = 6
run_max_instances = 20

vm_schedules = {
  mornings = { count = 4, start = "0 8 * * MON-FRI", minutes = 180, time_zone = "Europe/Berlin" }
}

alert_emails    = ["pictures@example.com"]
runbook_url     = "https://github.com/example/spillway/blob/main/docs/operations.md"
billing_account = "012345-6789AB-CDEF01"

admins = ["group:pictures@example.com"]
