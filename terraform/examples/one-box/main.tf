# A machine of your own sends to this service what it cannot finish in time. The service gets pictures and answers with
# results: it needs no database, no bucket and no queue.
locals {
  # Known before there is a service: https://cloud.google.com/run/docs/triggering/https-request#deterministic
  url = "https://spillway-worker-${var.project_number}.${var.region}.run.app"

  # cloudrun-worker/config.ts. Models come with the image, which says where.
  environment = {
    SPILLWAY_SERVES  = "pictures"
    SPILLWAY_PROJECT = var.project
    SPILLWAY_SLOTS   = tostring(var.run_concurrency)
    # Beside Cloud Run, the program itself checks who calls: this account, with a token for one of its two addresses.
    SPILLWAY_CALLER_ACCOUNTS = google_service_account.box.email
    SPILLWAY_CALL_AUDIENCES  = "${local.url},https://spillway-worker-*-*.a.run.app"
    # Cloud Run has verified the token, and takes its signature away.
    SPILLWAY_CALL_SIGNATURES = "removed_by_cloud_run"
  }

  # The same value as var.project. Each resource takes its project from here, so that it waits for the APIs.
  project = one(distinct([for api in google_project_service.apis : api.project]))
}

resource "google_project_service" "apis" {
  for_each = toset(["iam.googleapis.com", "iamcredentials.googleapis.com", "run.googleapis.com"])

  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

# The machine calls the service as this account, and the service works as it. All that it may do is call the service.
resource "google_service_account" "box" {
  project      = local.project
  account_id   = "spillway-box"
  display_name = "Spillway box"
  description  = "A machine of one's own that sends pictures to Cloud Run"
}

resource "google_cloud_run_v2_service" "worker" {
  project  = local.project
  name     = "spillway-worker"
  location = var.region
  # The machine is outside of Google Cloud. Cloud Run lets nobody in but its account.
  ingress             = "INGRESS_TRAFFIC_ALL"
  deletion_protection = false

  template {
    service_account       = google_service_account.box.email
    execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
    # A picture over a slow line, its work, and the result back.
    timeout                          = "300s"
    max_instance_request_concurrency = var.run_concurrency

    scaling {
      min_instance_count = 0
      # One above what the machine fills: what it sends is never refused.
      max_instance_count = var.run_max_instances + 1
    }

    containers {
      image = var.worker_image

      resources {
        limits = {
          cpu    = tostring(var.run_cpu)
          memory = "${var.run_memory_gib}Gi"
        }
        # Between requests there is no processor time and no bill.
        cpu_idle          = true
        startup_cpu_boost = true
      }

      ports {
        container_port = 8080
      }

      dynamic "env" {
        for_each = local.environment
        content {
          name  = env.key
          value = env.value
        }
      }

      # It listens only once it is ready.
      startup_probe {
        tcp_socket {
          port = 8080
        }
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = 60
      }
    }
  }

  traffic {
    type    = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    percent = 100
  }
}

resource "google_cloud_run_v2_service_iam_member" "box_calls_worker" {
  project  = local.project
  location = var.region
  name     = google_cloud_run_v2_service.worker.name
  role     = "roles/run.invoker"
  member   = google_service_account.box.member
}
