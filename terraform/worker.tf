# The Cloud Run worker: Pub/Sub pushes jobs to it.
resource "google_cloud_run_v2_service" "worker" {
  project  = local.project
  name     = "spillway-worker"
  location = var.region
  # Pub/Sub of this project counts as internal.
  ingress             = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  deletion_protection = false

  template {
    service_account                  = google_service_account.accounts["worker"].email
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    timeout                          = "${local.push_deadline_seconds}s"
    max_instance_request_concurrency = var.run_concurrency

    scaling {
      min_instance_count = 0
      # One above what routers fill: a refusal holds back all pushes.
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
        for_each = local.worker_environment
        content {
          name  = env.key
          value = env.value
        }
      }

      # It listens only once it is ready. There is no probe while it lives: when Firestore is away, it is away from all
      # instances, and new ones would not help.
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

  # It looks at what it needs when it starts, and does not start without it.
  depends_on = [
    google_firestore_document.routing,
    google_project_iam_member.programs_use_database,
    google_pubsub_topic_iam_member.publishers,
    google_storage_bucket_iam_member.programs,
  ]
}

resource "google_cloud_run_v2_service_iam_member" "pusher_calls_worker" {
  project  = local.project
  location = var.region
  name     = google_cloud_run_v2_service.worker.name
  role     = "roles/run.invoker"
  member   = google_service_account.accounts["pusher"].member
}
