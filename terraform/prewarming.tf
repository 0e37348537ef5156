# Programs that sweep may set the minimum of the Cloud Run worker's instances, from a forecast of arrivals:
# docs/routing.md. While it is off, only the person who applies this may change the service.
locals {
  run_service = "projects/${var.project}/locations/${var.region}/services/spillway-worker"

  # Programs of this project that sweep. Machines of your own sweep too, and prewarm nothing.
  sweepers = var.forecast.prewarming ? ["functions", "vm"] : []

  sweeper_environment = var.forecast.prewarming ? { SPILLWAY_RUN_SERVICE = local.run_service } : {}
}

# roles/run.developer may also delete a service and give it another name.
resource "google_project_iam_custom_role" "prewarming" {
  count = var.forecast.prewarming ? 1 : 0

  project     = local.project
  role_id     = "spillwayPrewarming"
  title       = "Spillway: prewarming"
  description = "Reads and changes a service of Cloud Run"
  permissions = ["run.services.get", "run.services.update"]
}

resource "google_cloud_run_v2_service_iam_member" "prewarms_worker" {
  for_each = toset(local.sweepers)

  project  = local.project
  location = var.region
  name     = google_cloud_run_v2_service.services["worker"].name
  role     = "projects/${var.project}/roles/${google_project_iam_custom_role.prewarming[0].role_id}"
  member   = google_service_account.accounts[each.value].member
}

# A change answers with an operation, which belongs to the project and not to the service.
resource "google_project_iam_custom_role" "run_operations" {
  count = var.forecast.prewarming ? 1 : 0

  project     = local.project
  role_id     = "spillwayRunOperations"
  title       = "Spillway: ends of changes"
  description = "Sees how a change of a service of Cloud Run ended"
  permissions = ["run.operations.get"]
}

resource "google_project_iam_member" "programs_read_run_operations" {
  for_each = toset(local.sweepers)

  project = local.project
  role    = "projects/${var.project}/roles/${google_project_iam_custom_role.run_operations[0].role_id}"
  member  = google_service_account.accounts[each.value].member
}

# Google asks for it at each change of a service, because a change could make it work as another account:
# https://cloud.google.com/run/docs/configuring/min-instances
resource "google_service_account_iam_member" "sweepers_deploy_as_worker" {
  for_each = toset(local.sweepers)

  service_account_id = google_service_account.accounts["worker"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.accounts[each.value].member
}

# The dashboard shows the worker's revisions, limits and instances.
resource "google_cloud_run_v2_service_iam_member" "admin_sees_worker" {
  project  = local.project
  location = var.region
  name     = google_cloud_run_v2_service.services["worker"].name
  role     = "roles/run.viewer"
  member   = google_service_account.accounts["admin"].member
}
