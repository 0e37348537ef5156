# The Cloud Run worker: Pub/Sub pushes jobs to it.
locals {
  worker_service = {
    image = var.worker_image
    # Pub/Sub of this project counts as internal.
    ingress = "INGRESS_TRAFFIC_INTERNAL_ONLY"
    iap     = false
    # Its one caller has a right.
    open_to_all = false
    # As long as Pub/Sub waits for it.
    timeout_seconds  = local.push_deadline_seconds
    concurrency      = var.run_concurrency
    session_affinity = false
    # One above what routers fill: a refusal holds back all pushes.
    max_instances = var.run_max_instances + 1
    cpu           = var.run_cpu
    memory_gib    = var.run_memory_gib
    environment   = local.worker_environment
    secrets       = {}
  }
}

resource "google_cloud_run_v2_service_iam_member" "pusher_calls_worker" {
  project  = local.project
  location = var.region
  name     = google_cloud_run_v2_service.services["worker"].name
  role     = "roles/run.invoker"
  member   = google_service_account.accounts[local.callers["worker"]].member
}
