locals {
  site_name = "spillway-site"
  # Known before there is a service: https://cloud.google.com/run/docs/triggering/https-request#deterministic
  site_run_origin = "https://${local.site_name}-${var.project_number}.${var.region}.run.app"
  site_origin     = coalesce(var.site_url, local.site_run_origin)
  site_origins    = distinct([local.site_origin, local.site_run_origin])
}

resource "google_cloud_run_v2_service" "site" {
  project             = local.project
  name                = local.site_name
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_ALL"
  deletion_protection = false

  template {
    service_account       = google_service_account.accounts["site"].email
    execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
    # Event streams end after ten minutes.
    timeout = "900s"
    # Each open page holds one request.
    max_instance_request_concurrency = 250
    # A visitor's limits are counted on each instance.
    session_affinity = true

    scaling {
      min_instance_count = 0
      max_instance_count = var.site_max_instances
    }

    containers {
      image = var.site_image

      resources {
        limits = {
          cpu    = "1"
          memory = "1Gi"
        }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      ports {
        container_port = 8080
      }

      dynamic "env" {
        for_each = local.site_environment
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = local.secrets
        content {
          name = env.value
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.secrets[env.key].secret_id
              version = google_secret_manager_secret_version.secrets[env.key].version
            }
          }
        }
      }

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
    google_firestore_field.overrides,
    google_firestore_index.composite,
    google_project_iam_member.programs_use_database,
    google_pubsub_topic_iam_member.publishers,
    google_secret_manager_secret_iam_member.site_reads_secrets,
    google_storage_bucket_iam_member.programs,
    google_storage_bucket_iam_member.site_looks_at_settings,
  ]
}

# Pages are for everybody; what is a visitor's, the site tells by a signed cookie.
resource "google_cloud_run_v2_service_iam_member" "everybody_opens_site" {
  count = var.site_public ? 1 : 0

  project  = local.project
  location = var.region
  name     = google_cloud_run_v2_service.site.name
  role     = "roles/run.invoker"
  member   = "allUsers"
}

# The site signs addresses of large pictures in its own name.
resource "google_service_account_iam_member" "site_signs" {
  service_account_id = google_service_account.accounts["site"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.accounts["site"].member
}
